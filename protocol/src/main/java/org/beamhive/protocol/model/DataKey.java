package org.beamhive.protocol.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * Describes one key of a stream's events (event-model's DataKey).
 *
 * @param dtype one of string, number, array, boolean, integer
 * @param shape empty for a scalar
 * @param source where the value comes from: {@code PV:<name>} or {@code SIM:<name>}
 * @param units engineering units, or null
 * @param precision decimals to show, or null
 * @param dtypeNumpy the element type in NumPy's notation, for example {@code <f8}, or null
 * @param objectName the device
 * @param choices the labels of an enumeration, or null
 * @param lowerCtrlLimit lowest setpoint, or null
 * @param upperCtrlLimit highest setpoint, or null
 * @param external {@link #STREAM} or {@link #FILESTORE} if the values are in a file of the device's
 *     own, else null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataKey(
    String dtype,
    List<Integer> shape,
    String source,
    String units,
    Integer precision,
    @JsonProperty("dtype_numpy") String dtypeNumpy,
    @JsonProperty("object_name") String objectName,
    List<String> choices,
    @JsonProperty("lower_ctrl_limit") Double lowerCtrlLimit,
    @JsonProperty("upper_ctrl_limit") Double upperCtrlLimit,
    String external) {
  /** The values are in what a stream_resource names; events don't have this key. */
  public static final String STREAM = "STREAM:";

  /** The values are in what a resource names; events have the id of a datum. */
  public static final String FILESTORE = "FILESTORE:";

  public DataKey {
    shape = shape == null ? List.of() : List.copyOf(shape);
    choices = choices == null ? null : List.copyOf(choices);
  }

  /** A key whose values are in the events. */
  public DataKey(
      String dtype,
      List<Integer> shape,
      String source,
      String units,
      Integer precision,
      String dtypeNumpy,
      String objectName,
      List<String> choices,
      Double lowerCtrlLimit,
      Double upperCtrlLimit) {
    this(
        dtype,
        shape,
        source,
        units,
        precision,
        dtypeNumpy,
        objectName,
        choices,
        lowerCtrlLimit,
        upperCtrlLimit,
        null);
  }

  /** An array that is in a file of the device's own. */
  public static DataKey inFile(
      List<Integer> shape, String source, String dtypeNumpy, String objectName, String external) {
    return new DataKey(
        "array", shape, source, null, null, dtypeNumpy, objectName, null, null, null, external);
  }

  /** A scalar number without units. */
  public static DataKey number(String source, String objectName) {
    return new DataKey(
        "number", List.of(), source, null, null, "<f8", objectName, null, null, null);
  }
}
