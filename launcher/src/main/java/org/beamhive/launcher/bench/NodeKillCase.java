package org.beamhive.launcher.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.beamhive.launcher.client.ApiClient;
import org.beamhive.launcher.faults.BeamlineUnderTest;

/** How long a running scan records nothing after kill -9 of a node. */
final class NodeKillCase implements MeasuredCase, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  /** What was on its way when the node died arrives by then, and nothing new does. */
  private static final long UNDER_WAY = TimeUnit.SECONDS.toNanos(1);

  private final BeamlineUnderTest beamline;
  private final Function<BeamlineUnderTest, String> victim;
  private final ApiClient.Following documents;
  private volatile long lastEvent;
  private volatile long killed = Long.MAX_VALUE;
  private volatile long nextEvent;

  /**
   * Starts a long scan.
   *
   * @param victim which node is to be killed
   */
  NodeKillCase(BeamlineUnderTest beamline, Function<BeamlineUnderTest, String> victim) {
    this.beamline = beamline;
    this.victim = victim;
    this.documents =
        beamline
            .client()
            .follow(
                frame -> {
                  if (frame.path("name").asText().equals("event")) {
                    onEvent(System.nanoTime());
                  }
                });
    ObjectNode item = ApiClient.object().put("item_type", "plan").put("name", "scan");
    item.putArray("args")
        .add(ApiClient.object().putArray("d").add("det"))
        .add("samx")
        .add(-20)
        .add(20);
    item.putObject("kwargs").put("num", 1_000_000);
    beamline.client().post("/api/queue/item/add", ApiClient.object().set("item", item));
    beamline.client().post("/api/queue/start");
  }

  private void onEvent(long now) {
    lastEvent = now;
    if (nextEvent == 0 && now - killed > UNDER_WAY) {
      nextEvent = now;
    }
  }

  @Override
  public List<Figure> round() {
    long before = lastEvent;
    BeamlineUnderTest.await("the scan runs", PATIENCE, () -> lastEvent != before);
    String node = victim.apply(beamline);
    nextEvent = 0;
    beamline.kill(node);
    killed = System.nanoTime();
    BeamlineUnderTest.await("the next point", PATIENCE, () -> nextEvent != 0);
    double seconds = (nextEvent - killed) / 1e9;
    killed = Long.MAX_VALUE;
    beamline.begin(node);
    beamline.awaitReady(node);
    beamline.awaitWhole(PATIENCE);
    // let the node that has started settle, as it would have had between two crashes
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
    return List.of(Figure.of("kill_to_next_point", "s", seconds));
  }

  @Override
  public void close() {
    documents.close();
  }
}
