package org.beamhive.persistence.redis;

/**
 * What can be wrong with Redis, each in a sentence of its own for the operator: the address, what
 * is wrong, what Redis said, and what to do.
 *
 * <p>Which problem an exception means is found out by {@link Diagnosis}.
 */
enum Problem {
  // ---------------------------------------------------------------- Redis refuses the client
  WRONG_PASSWORD(
      "refused the user name or password",
      "correct them in the url, or have the user made or enabled there",
      Hope.NEVER),
  NO_PASSWORD(
      "asks for a password",
      "put it into the url as redis://:password@host or redis://user:password@host",
      Hope.NEVER),
  PASSWORD_NOT_WANTED(
      "was given a password but has none",
      "take it out of the url or have one set there",
      Hope.NEVER),
  NO_PERMISSION(
      "does not allow this user all that is needed",
      "give the user ~<key-prefix>:* resetchannels &<key-prefix>:* +@read +@write +@scripting +@pubsub +@connection +select +info",
      Hope.NEVER),
  PROTECTED(
      "is in protected mode and takes no connections from other hosts",
      "have a password and a bind address set there",
      Hope.NEVER),
  TOO_MANY_CLIENTS(
      "takes no more clients",
      "raise its maxclients or find out who holds so many connections",
      Hope.ALWAYS),
  WRONG_DATABASE(
      "has no such database", "correct its number in the url or in the settings", Hope.NEVER),

  // ---------------------------------------------------------------- Redis can't do it
  FULL("has no memory left for writes", "raise its maxmemory or remove data", Hope.NEVER),
  READ_ONLY(
      "is a read-only replica",
      "give the address of its master, or those of the Sentinels or the cluster that know the"
          + " master",
      Hope.IF_ANOTHER_TAKES_OVER),
  LOADING(
      "is still loading its dataset", "wait until it has; much data takes minutes", Hope.ALWAYS),
  CANT_PERSIST(
      "can't save its data to disk and so refuses writes",
      "look for a full disk or missing rights in its folder, and into its log",
      Hope.ALWAYS),
  TOO_FEW_REPLICAS(
      "has fewer replicas than it must have for writes",
      "start them again or lower its min-replicas-to-write",
      Hope.ALWAYS),
  MASTER_DOWN(
      "is a replica that has lost its master",
      "start the master again or give the address of the new one",
      Hope.ALWAYS),
  BUSY("is busy with a script that does not end", "wait, or end it with SCRIPT KILL", Hope.ALWAYS),
  WRONG_TYPE(
      "holds something else under a key of this store",
      "another program uses the same key-prefix: choose another one",
      Hope.NEVER),
  UNKNOWN_COMMAND(
      "does not know a command that is needed",
      "it must be a Redis of version 6.2 or newer, no Sentinel and no proxy, and the command must"
          + " not be renamed",
      Hope.NEVER),
  TOO_OLD("is too old", "install version 6.2 or newer there", Hope.NEVER),

  // ---------------------------------------------------------------- several of them
  CLUSTER_DOWN(
      "belongs to a cluster that does not serve all keys at this time",
      "start its dead nodes again",
      Hope.ALWAYS),
  CLUSTER_MOVES(
      "belongs to a cluster that hands this key over to another node",
      "try again in a moment",
      Hope.ALWAYS),
  CLUSTER_NODE(
      "is one node of a cluster and serves other keys",
      "give its address as that of a cluster",
      Hope.IF_ANOTHER_TAKES_OVER),
  NO_CLUSTER("is no cluster", "give its address as that of a single Redis", Hope.NEVER),
  NO_MASTER(
      "is a Sentinel that knows no such master",
      "correct the master's name; it is the one behind 'sentinel monitor' in the Sentinel's"
          + " configuration",
      Hope.NEVER),

  // ---------------------------------------------------------------- the way to Redis
  UNREACHABLE(
      "can't be reached",
      "look whether it runs, and whether host, port and firewall are right",
      Hope.ALWAYS),
  UNKNOWN_HOST(
      "can't be reached: the host name is unknown",
      "correct the name, or ask who runs the name server",
      Hope.ALWAYS),
  /**
   * Also what one in a hundred tries to connect ends with that Redis refused with an answer: the
   * client then notices the closed connection before it has read the answer. So it is worth another
   * try even though nothing goes away by itself.
   */
  HUNG_UP(
      "can't be reached: it ended the connection before a word was said",
      "look whether it wants TLS (rediss:// instead of redis://), is in protected mode or has too"
          + " many clients",
      Hope.ALWAYS),
  NO_ANSWER(
      "takes connections but does not answer",
      "look whether it hangs, and whether it wants TLS as the url says (rediss:// with, redis://"
          + " without)",
      Hope.ALWAYS),
  CONNECTION_LOST(
      "can't be reached: the connection broke", "look whether it still runs", Hope.ALWAYS),
  TIMED_OUT(
      "did not answer in time",
      "look whether it runs, and has the memory and processor time it needs",
      Hope.ALWAYS),
  CLOSED(
      "was not asked: the connection has been closed here",
      "nothing, if the program is ending",
      Hope.NEVER),
  NOT_REDIS("does not speak the protocol of Redis", "correct host and port in the url", Hope.NEVER),
  TLS_WANTED("speaks TLS", "write rediss:// instead of redis:// in the url", Hope.NEVER),
  TLS_NOT_SPOKEN(
      "does not speak TLS", "write redis:// instead of rediss:// in the url", Hope.NEVER),
  TLS_UNTRUSTED(
      "shows a certificate that is not trusted",
      "name the certificate of its authority as trusted, or have the certificate renewed there",
      Hope.NEVER),
  TLS_OTHER_HOST(
      "shows the certificate of another host",
      "use a host name that is in the certificate, or have one made for this name",
      Hope.NEVER),
  TLS_CLIENT_REFUSED(
      "refused the certificate of this client, or the lack of one",
      "name a client certificate, with its key, that its authority has signed",
      Hope.NEVER),
  TLS_FAILED(
      "could not agree with this client on TLS",
      "compare the protocol versions and ciphers of both",
      Hope.NEVER),

  // ---------------------------------------------------------------- whatever else
  ANSWERED("answered with an error", "", Hope.NEVER),
  FAILED("failed", "", Hope.NEVER);

  private enum Hope {
    NEVER,
    IF_ANOTHER_TAKES_OVER,
    ALWAYS
  }

  private final String what;
  private final String remedy;
  private final Hope hope;

  Problem(String what, String remedy, Hope hope) {
    this.what = what;
    this.remedy = remedy;
    this.hope = hope;
  }

  static Problem of(Throwable thrown) {
    return Diagnosis.of(thrown).problem();
  }

  /**
   * Whether it may go away by itself soon, so that trying again within the write time-out is right.
   *
   * @param takenOver whether a Sentinel or a cluster makes another server the master when one is
   *     lost; then a master that suddenly refuses writes has only just been replaced
   */
  boolean comesBack(boolean takenOver) {
    return switch (hope) {
      case NEVER -> false;
      case IF_ANOTHER_TAKES_OVER -> takenOver;
      case ALWAYS -> true;
    };
  }

  /**
   * One sentence for the operator.
   *
   * @param said what Redis, or the client, said about it; may be empty; without passwords
   */
  String sentence(String address, String said) {
    return "Redis at "
        + address
        + " "
        + what
        + (said.isEmpty() ? "" : ": " + said)
        + (remedy.isEmpty() ? "" : "; " + remedy);
  }

  /** One sentence for the operator about a call that failed. */
  static String sentence(String address, Throwable thrown) {
    Diagnosis diagnosis = Diagnosis.of(thrown);
    return diagnosis.problem().sentence(address, diagnosis.said())
        + switch (diagnosis.problem()) {
          case FULL, READ_ONLY, CANT_PERSIST, TOO_FEW_REPLICAS -> "; nothing was stored";
          case CONNECTION_LOST, TIMED_OUT -> "; whether a write was stored is not known";
          default -> "";
        };
  }
}
