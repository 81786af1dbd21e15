package org.beamhive.persistence.redis;

import com.typesafe.config.Config;
import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A real Redis Cluster of three masters. It has no replicas: when one node is dead, all of them say
 * CLUSTERDOWN until it is started again.
 */
final class RedisClusterForTest implements AutoCloseable {

  private static final int NODES = 3;

  private final List<RedisServerForTest> nodes = new ArrayList<>();

  private RedisClusterForTest() {}

  /** Returns when all nodes agree that all slots are served. */
  static RedisClusterForTest start(String... arguments) {
    RedisClusterForTest cluster = new RedisClusterForTest();
    try {
      cluster.launch(arguments);
      return cluster;
    } catch (RuntimeException | Error failed) {
      cluster.close();
      throw failed;
    }
  }

  private void launch(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--cluster-node-timeout", "2000"));
    for (int i = 0; i < NODES; i++) {
      nodes.add(RedisServerForTest.startClusterNode(all.toArray(String[]::new)));
    }
    for (int i = 0; i < NODES; i++) {
      int epoch = i + 1;
      int[] slots = slots(i).toArray();
      node(i)
          .ask(
              redis -> {
                redis.clusterSetConfigEpoch(epoch);
                redis.clusterAddSlots(slots);
                return redis.clusterMeet("127.0.0.1", node(0).port());
              });
    }
    awaitUp();
  }

  /** The slots that a node serves. */
  IntStream slots(int index) {
    return IntStream.range(
        SlotHash.SLOT_COUNT * index / NODES, SlotHash.SLOT_COUNT * (index + 1) / NODES);
  }

  /** One node: it can be killed, paused and started again by itself. */
  RedisServerForTest node(int index) {
    return nodes.get(index);
  }

  int size() {
    return NODES;
  }

  /** Every node's address, {@code host:port}, with a comma between them. */
  String addresses() {
    return nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(","));
  }

  /** Both plugins on this cluster, with further lines of configuration in front. */
  Config config(String... lines) {
    List<String> all = new ArrayList<>(List.of(lines));
    all.add("beamhive.persistence.redis.url = \"redis://" + addresses() + "\"");
    all.add("beamhive.persistence.redis.cluster = on");
    return node(0).config(all.toArray(String[]::new));
  }

  /** All keys that there are, on whichever node. */
  List<String> keys(String pattern) {
    return nodes.stream().flatMap(node -> node.keys(pattern).stream()).toList();
  }

  /** Waits until every node says that all slots are served, and knows all others. */
  void awaitUp() {
    nodes.forEach(
        node ->
            Eventually.is(
                () ->
                    saysAll(
                        node,
                        "cluster_state:ok",
                        "cluster_slots_ok:" + SlotHash.SLOT_COUNT,
                        "cluster_known_nodes:" + NODES),
                () -> "the cluster is up\n" + info(node)));
  }

  /** Waits until every node but this one has noticed that slots are not served. */
  void awaitDownWithout(int dead) {
    IntStream.range(0, NODES)
        .filter(index -> index != dead)
        .mapToObj(this::node)
        .forEach(
            node ->
                Eventually.is(
                    () -> saysAll(node, "cluster_state:fail"),
                    () -> "the cluster is down\n" + info(node)));
  }

  private static boolean saysAll(RedisServerForTest node, String... facts) {
    List<String> lines = info(node).lines().toList();
    return lines.containsAll(List.of(facts));
  }

  private static String info(RedisServerForTest node) {
    return node.ask(redis -> redis.clusterInfo());
  }

  @Override
  public void close() {
    nodes.forEach(RedisServerForTest::close);
  }
}
