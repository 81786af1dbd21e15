package org.beamhive.actors.web;

import akka.http.javadsl.model.StatusCode;
import akka.http.javadsl.model.StatusCodes;

/** A request that is answered with a status other than 200 and one sentence. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient StatusCode status;

  private ApiException(StatusCode status, String detail) {
    super(detail, null, false, false);
    this.status = status;
  }

  StatusCode status() {
    return status;
  }

  static ApiException badRequest(String detail) {
    return new ApiException(StatusCodes.BAD_REQUEST, detail);
  }

  static ApiException notFound(String detail) {
    return new ApiException(StatusCodes.NOT_FOUND, detail);
  }

  static ApiException notAnswered(String detail) {
    return new ApiException(StatusCodes.REQUEST_TIMEOUT, detail);
  }

  static ApiException tooLarge(long limit) {
    return new ApiException(
        StatusCodes.CONTENT_TOO_LARGE,
        "The request body is larger than "
            + limit
            + " bytes, the limit set by beamhive.web.max-body-bytes.");
  }
}
