package org.beamhive.actors.queue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.beamhive.protocol.model.DeviceView;
import org.beamhive.protocol.model.ItemUid;
import org.beamhive.protocol.model.Refusal;
import org.beamhive.protocol.model.Value;
import org.beamhive.protocol.plan.PlanCheck;
import org.beamhive.protocol.queue.QueueItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.AddItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.After;
import org.beamhive.protocol.queue.ScanQueueProtocol.At;
import org.beamhive.protocol.queue.ScanQueueProtocol.Before;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByIndex;
import org.beamhive.protocol.queue.ScanQueueProtocol.ByUid;
import org.beamhive.protocol.queue.ScanQueueProtocol.MoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.Place;
import org.beamhive.protocol.queue.ScanQueueProtocol.RemoveItems;
import org.beamhive.protocol.queue.ScanQueueProtocol.UpdateItem;
import org.beamhive.protocol.queue.ScanQueueProtocol.Which;

/** Decides what a request about items does to the queue, or why it does nothing. */
final class QueueEdits {
  /** What is to happen and which items are concerned, or one refusal, or one problem per item. */
  record Decision(QueueEvent event, List<QueueItem> items, Refusal refusal, List<String> problems) {
    static Decision of(QueueEvent event, List<QueueItem> items) {
      return new Decision(event, List.copyOf(items), null, List.of());
    }

    static Decision refuse(Refusal refusal) {
      return new Decision(null, List.of(), refusal, List.of());
    }

    static Decision refuseEach(List<String> problems) {
      return new Decision(null, List.of(), null, List.copyOf(problems));
    }
  }

  private final PlanCheck check;
  private final Supplier<String> uids;

  QueueEdits(PlanCheck check, Supplier<String> uids) {
    this.check = check;
    this.uids = uids;
  }

  /** Whether an item can be taken at all: a plan that passes its check, or the one instruction. */
  Optional<Refusal> checkItem(Value.Fields item, Collection<DeviceView> devices) {
    String type = item.text("item_type");
    String name = item.text("name");
    if (type == null) {
      return Optional.of(
          Refusal.of(
              "bad-item", "the item has no 'item_type': 'plan' or 'instruction' is allowed"));
    }
    if (name == null) {
      return Optional.of(Refusal.of("bad-item", "the item has no 'name'"));
    }
    if (type.equals("instruction")) {
      return name.equals("queue_stop")
          ? Optional.empty()
          : Optional.of(
              Refusal.of(
                  "unknown-instruction",
                  "Unrecognized instruction: '" + name + "': 'queue_stop' is allowed"));
    }
    if (!type.equals("plan")) {
      return Optional.of(
          Refusal.of("bad-item", "item_type '" + type + "': 'plan' or 'instruction' is allowed"));
    }
    Optional<Refusal> shape = checkShape(item);
    if (shape.isPresent()) {
      return shape;
    }
    if (devices == null) {
      return Optional.of(
          Refusal.of(
              "not-ready",
              "the devices of this beamline are not known yet; try again in a moment"));
    }
    return check.check(QueueItem.requestOf(item), devices);
  }

  /** An instruction is for the queue; there is nothing in it to be executed beside it. */
  static Optional<Refusal> refuseInstruction(Value.Fields item) {
    return "plan".equals(item.text("item_type"))
        ? Optional.empty()
        : Optional.of(
            Refusal.of(
                "bad-item",
                "item_type '"
                    + item.text("item_type")
                    + "': only a 'plan' can be executed at once"));
  }

  private static Optional<Refusal> checkShape(Value.Fields item) {
    Value args = item.get("args");
    if (args != null && !(args instanceof Value.Items)) {
      return Optional.of(
          Refusal.of("bad-item", "'args' is " + args.shown() + ": a list is allowed"));
    }
    Value kwargs = item.get("kwargs");
    if (kwargs != null && !(kwargs instanceof Value.Fields)) {
      return Optional.of(
          Refusal.of("bad-item", "'kwargs' is " + kwargs.shown() + ": a map is allowed"));
    }
    Value meta = item.get("meta");
    if (meta != null && !(meta instanceof Value.Fields) && !(meta instanceof Value.Items)) {
      return Optional.of(
          Refusal.of(
              "bad-item", "'meta' is " + meta.shown() + ": a map or a list of maps is allowed"));
    }
    return Optional.empty();
  }

  /** A queue item of what was submitted. */
  QueueItem item(Value.Fields submitted) {
    return new QueueItem(new ItemUid(uids.get()), submitted.without("item_uid").without("result"));
  }

  Decision add(QueueState state, AddItems add, Collection<DeviceView> devices) {
    List<Optional<Refusal>> refusals = new ArrayList<>();
    add.items().forEach(item -> refusals.add(checkItem(item, devices)));
    if (refusals.stream().anyMatch(Optional::isPresent)) {
      return add.items().size() == 1
          ? Decision.refuse(refusals.get(0).orElseThrow())
          : Decision.refuseEach(
              refusals.stream().map(one -> one.map(Refusal::text).orElse("")).toList());
    }
    int index = index(state.items(), add.place());
    if (index < 0) {
      return Decision.refuse(noPlace(add.place()));
    }
    List<QueueItem> items = add.items().stream().map(this::item).toList();
    return Decision.of(new QueueEvent.ItemsAdded(items, index), items);
  }

  Decision update(QueueState state, UpdateItem update, Collection<DeviceView> devices) {
    if (state.indexOf(update.uid()) < 0) {
      return Decision.refuse(notFound(new ByUid(update.uid())));
    }
    Optional<Refusal> refusal = checkItem(update.item(), devices);
    if (refusal.isPresent()) {
      return Decision.refuse(refusal.get());
    }
    QueueItem fresh = item(update.item());
    QueueItem item = update.replace() ? fresh : new QueueItem(update.uid(), fresh.fields());
    return Decision.of(new QueueEvent.ItemUpdated(update.uid(), item), List.of(item));
  }

  Decision remove(QueueState state, RemoveItems remove) {
    Set<QueueItem> found = new LinkedHashSet<>();
    for (Which which : remove.which()) {
      Optional<QueueItem> item = find(state, which);
      if (item.isEmpty() && !remove.ignoreMissing()) {
        return Decision.refuse(notFound(which));
      }
      item.ifPresent(found::add);
    }
    List<QueueItem> items = List.copyOf(found);
    return Decision.of(
        new QueueEvent.ItemsRemoved(items.stream().map(QueueItem::uid).toList()), items);
  }

  Decision move(QueueState state, MoveItems move) {
    Set<QueueItem> found = new LinkedHashSet<>();
    for (Which which : move.which()) {
      Optional<QueueItem> item = find(state, which);
      if (item.isEmpty()) {
        return Decision.refuse(notFound(which));
      }
      found.add(item.get());
    }
    List<QueueItem> items = new ArrayList<>(found);
    if (move.reorder()) {
      items.sort((a, b) -> Integer.compare(state.indexOf(a.uid()), state.indexOf(b.uid())));
    }
    List<QueueItem> rest = state.items().stream().filter(item -> !found.contains(item)).toList();
    int index = index(rest, move.place());
    if (index < 0) {
      // moved before or after itself: the queue stays as it is
      return find(state, move.place()).filter(found::contains).isPresent()
          ? Decision.of(new QueueEvent.ItemsMoved(List.of(), 0), items)
          : Decision.refuse(noPlace(move.place()));
    }
    return Decision.of(
        new QueueEvent.ItemsMoved(items.stream().map(QueueItem::uid).toList(), index), items);
  }

  private static Optional<QueueItem> find(QueueState state, Place place) {
    if (place instanceof Before before) {
      return find(state, new ByUid(before.uid()));
    }
    return place instanceof After after ? find(state, new ByUid(after.uid())) : Optional.empty();
  }

  static Optional<QueueItem> find(QueueState state, Which which) {
    int size = state.items().size();
    int index;
    if (which instanceof ByIndex at) {
      index = at.index() < 0 ? size + at.index() : at.index();
    } else {
      index = state.indexOf(((ByUid) which).uid());
    }
    return index < 0 || index >= size ? Optional.empty() : Optional.of(state.items().get(index));
  }

  /** The index before which to insert, -1 if the place does not exist. */
  private static int index(List<QueueItem> items, Place place) {
    if (place instanceof At at) {
      int index = at.index() < 0 ? items.size() + 1 + at.index() : at.index();
      return Math.max(0, Math.min(items.size(), index));
    }
    ItemUid uid = place instanceof Before before ? before.uid() : ((After) place).uid();
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i).uid().equals(uid)) {
        return place instanceof Before ? i : i + 1;
      }
    }
    return -1;
  }

  static Refusal notFound(Which which) {
    return which instanceof ByUid byUid
        ? Refusal.of("no-such-item", "Item with UID '" + byUid.uid() + "' is not in the queue")
        : Refusal.of(
            "no-such-item",
            "Index '" + ((ByIndex) which).index() + "' is out of range of the queue");
  }

  private static Refusal noPlace(Place place) {
    ItemUid uid = place instanceof Before before ? before.uid() : ((After) place).uid();
    return Refusal.of("no-such-item", "Plan with UID '" + uid + "' is not in the queue");
  }
}
