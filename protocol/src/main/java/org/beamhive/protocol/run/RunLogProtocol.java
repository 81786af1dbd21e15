package org.beamhive.protocol.run;

import akka.actor.typed.ActorRef;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.wire.CborSerializable;

/**
 * What one says to a RunLog. One bundler appends; any number of followers pull, each with its own
 * position. The log never pushes more than was asked for and keeps only its newest entries in
 * memory: older ones are read from the journal.
 */
public final class RunLogProtocol {
  private RunLogProtocol() {}

  /** All that a run log handles. */
  public sealed interface Command permits Request, Internal {}

  /** What others may send. */
  public sealed interface Request extends Command, CborSerializable
      permits Append, Pull, GetProgress {}

  /** What a run log tells itself. */
  public non-sealed interface Internal extends Command {}

  /**
   * Append these entries, all or none. Answers with an {@link AppendReply} when they are durable.
   */
  public record Append(List<RunEntry> entries, ActorRef<AppendReply> replyTo) implements Request {
    public Append {
      entries = List.copyOf(entries);
    }
  }

  /**
   * The entries from a position on, at most so many. Answers with a {@link PullReply} as soon as
   * there is one: at once, or when the next entry is durable. The asker has one pull under way at a
   * time; a newer pull of it replaces the older.
   *
   * @param from position of the first entry wanted; all before it have reached the asker
   * @param max most entries wanted
   * @param follower the asker's name if it is one whose lag is measured, else empty
   */
  public record Pull(long from, int max, String follower, ActorRef<PullReply> replyTo)
      implements Request {
    public Pull {
      follower = follower == null ? "" : follower;
    }
  }

  /** What the log holds, in short. Answers with {@link RunProgress}. */
  public record GetProgress(ActorRef<RunProgress> replyTo) implements Request {}

  /** The answer to {@link Append}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Appended.class, name = "appended"),
    @JsonSubTypes.Type(value = NotAppended.class, name = "not-appended")
  })
  public sealed interface AppendReply extends CborSerializable permits Appended, NotAppended {}

  /** All entries up to this position are durable. */
  public record Appended(long upTo) implements AppendReply {}

  /** The run is closed already, or the entries do not fit what the log holds. */
  public record NotAppended(Refusal problem) implements AppendReply {}

  /** The answer to {@link Pull}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Entries.class, name = "entries"),
    @JsonSubTypes.Type(value = Older.class, name = "older")
  })
  public sealed interface PullReply extends CborSerializable permits Entries, Older {}

  /** The entries at {@code from, from + 1, ...}; never empty. */
  public record Entries(long from, List<RunEntry> entries) implements PullReply {
    public Entries {
      entries = List.copyOf(entries);
    }
  }

  /**
   * The position is older than what is held in memory: read the journal up to {@code firstHeld -
   * 1}.
   */
  public record Older(long firstHeld) implements PullReply {}
}
