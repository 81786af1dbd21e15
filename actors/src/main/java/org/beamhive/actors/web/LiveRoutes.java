package org.beamhive.actors.web;

import akka.NotUsed;
import akka.actor.typed.ActorRef;
import akka.http.javadsl.model.ws.Message;
import akka.http.javadsl.model.ws.TextMessage;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.PathMatchers;
import akka.http.javadsl.server.Route;
import akka.japi.pf.PFBuilder;
import akka.stream.OverflowStrategy;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.stream.typed.javadsl.ActorSource;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.beamhive.protocol.document.Document;
import org.beamhive.protocol.document.DocumentJson;
import org.beamhive.protocol.model.RunUid;
import org.beamhive.protocol.queue.QueueStatus;
import org.beamhive.protocol.queue.ScanQueueProtocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The WebSockets: documents as they are made, and the status. What a client sends is ignored. A
 * client that reads slowly holds up its own documents only; of the status it misses what is old.
 */
final class LiveRoutes extends AllDirectives {
  private static final Logger LOG = LoggerFactory.getLogger(LiveRoutes.class);
  private static final int STATUS_BUFFER = 16;

  private final Api api;
  private final StatusView status;

  LiveRoutes(Api api, StatusView status) {
    this.api = api;
    this.status = status;
  }

  Route routes() {
    return concat(
        path(
            PathMatchers.separateOnSlashes("documents/ws"),
            () ->
                parameterOptional("run", run -> handleWebSocketMessages(sending(documents(run))))),
        path(
            PathMatchers.separateOnSlashes("status/ws"),
            () -> handleWebSocketMessages(sending(statuses()))),
        path(
            PathMatchers.separateOnSlashes("info/ws"),
            () -> handleWebSocketMessages(sending(statuses()))));
  }

  private static Flow<Message, Message, NotUsed> sending(Source<Message, NotUsed> frames) {
    return Flow.fromSinkAndSourceCoupled(Sink.ignore(), frames);
  }

  private Source<Message, NotUsed> documents(Optional<String> run) {
    return api.backends()
        .live()
        .documents(run.filter(uid -> !uid.isBlank()).map(RunUid::new))
        .map(LiveRoutes::frame)
        .recover(
            new PFBuilder<Throwable, Message>()
                .match(
                    NoSuchElementException.class,
                    unknown ->
                        TextMessage.create(
                            Json.detail("Not followed: " + unknown.getMessage() + ".").toString()))
                .matchAny(
                    failure -> {
                      LOG.warn("A live view of documents ended early", failure);
                      return TextMessage.create(
                          Json.detail(
                                  "The documents can't be followed any longer: "
                                      + failure.getMessage())
                              .toString());
                    })
                .build());
  }

  private static Message frame(Document document) {
    return TextMessage.create(
        "{\"name\": \""
            + document.documentName()
            + "\", \"doc\": "
            + DocumentJson.write(document)
            + "}");
  }

  private Source<Message, NotUsed> statuses() {
    Duration interval = api.settings().statusInterval();
    Source<QueueStatus, NotUsed> changes =
        ActorSource.<QueueStatus>actorRef(
                message -> false,
                message -> Optional.empty(),
                STATUS_BUFFER,
                OverflowStrategy.dropHead())
            .mapMaterializedValue(this::subscribed);
    // asked for as well, so that a queue that has moved to another node is seen again
    Source<QueueStatus, ?> regular =
        Source.tick(interval, interval, NotUsed.getInstance())
            .mapAsync(1, tick -> asked())
            .mapConcat(found -> found.map(List::of).orElse(List.of()));
    return changes.merge(regular).mapAsync(1, status::of).map(LiveRoutes::frame);
  }

  private NotUsed subscribed(ActorRef<QueueStatus> subscriber) {
    api.backends().queue().tell(new ScanQueueProtocol.SubscribeStatus(subscriber));
    return NotUsed.getInstance();
  }

  private CompletionStage<Optional<QueueStatus>> asked() {
    return api.queue(ScanQueueProtocol.GetStatus::new)
        .handle(
            (found, failure) ->
                failure == null ? Optional.of(found) : Optional.<QueueStatus>empty());
  }

  private static Message frame(ObjectNode status) {
    ObjectNode frame = Json.object().put("time", System.currentTimeMillis() / 1000.0);
    frame.putObject("msg").set("status", status);
    return TextMessage.create(frame.toString());
  }
}
