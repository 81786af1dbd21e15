package org.beamhive.actors.queue;

import java.util.Collection;
import java.util.List;
import org.beamhive.protocol.queue.QueueStatus;

/**
 * Is told what the queue does, on the node where it is. Called on its thread: it returns at once.
 */
public interface QueueMeasures {
  /** Listens to nothing. */
  QueueMeasures NONE =
      new QueueMeasures() {
        @Override
        public void changed(QueueStatus status, Collection<List<String>> unfollowed) {}

        @Override
        public void itemEnded(String exitStatus) {}

        @Override
        public void gone() {}
      };

  /**
   * Something may have changed.
   *
   * @param unfollowed for each run that is not taken in completely by everybody, who is missing
   */
  void changed(QueueStatus status, Collection<List<String>> unfollowed);

  /** An item has ended: completed, failed, stopped, aborted or halted. */
  void itemEnded(String exitStatus);

  /** The queue is not on this node any more, or not in charge. */
  void gone();
}
