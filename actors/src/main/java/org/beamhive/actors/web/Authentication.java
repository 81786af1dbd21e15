package org.beamhive.actors.web;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;

/** Decides by its key whether a request may pass. */
final class Authentication {
  private static final String SCHEME = "apikey ";

  private final Optional<byte[]> key;
  private final boolean anonymousRead;

  Authentication(WebSettings settings) {
    this.key = settings.apiKey().map(text -> text.getBytes(StandardCharsets.UTF_8));
    this.anonymousRead = settings.allowAnonymousRead();
  }

  /** Whether the request carries the key or needs none. */
  boolean allows(HttpRequest request) {
    if (key.isEmpty()) {
      return true;
    }
    Optional<String> given = given(request);
    if (given.isEmpty()) {
      return anonymousRead && request.method().equals(HttpMethods.GET);
    }
    // in constant time, so that the answer's delay tells nothing of the key
    return MessageDigest.isEqual(key.get(), given.get().getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<String> given(HttpRequest request) {
    Optional<String> header = request.getHeader("Authorization").map(h -> h.value().strip());
    if (header.isPresent() && header.get().toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return Optional.of(header.get().substring(SCHEME.length()).strip());
    }
    Optional<String> query = request.getUri().query().get("api_key");
    // a header of another scheme is a wrong key, not none
    return query.isPresent() ? query : header;
  }
}
