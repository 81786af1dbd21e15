package org.beamhive.protocol.wire;

/**
 * Which messages a node speaks, as {@code MAJOR.MINOR}. Nodes of one major version work together in
 * one cluster, so that a beamline is brought to a new version node by node.
 *
 * <p>The minor is raised with each release that adds something which older nodes can do without: a
 * component with a default, a message that is only sent to nodes that have asked for it, another
 * constant that is not sent unless everybody knows it. The major is raised when an older node would
 * fail or do the wrong thing: a message or component is removed or renamed or means something else,
 * a serializer gets another id, a new message must be understood for safety. Then all nodes end
 * before the first new one starts. {@code MessageGoldenTest} holds what was said once within the
 * major version.
 */
public final class ProtocolVersion {
  /** The version of this build. */
  public static final String CURRENT = "1.0";

  private ProtocolVersion() {}

  /**
   * Whether nodes of two versions can be in one cluster: whether their majors are equal.
   *
   * @param one {@code MAJOR.MINOR}
   * @param other {@code MAJOR.MINOR}
   */
  public static boolean compatible(String one, String other) {
    return major(one).equals(major(other));
  }

  private static String major(String version) {
    int dot = version.indexOf('.');
    return dot < 0 ? version : version.substring(0, dot);
  }
}
