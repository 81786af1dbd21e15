package org.beamhive.devices.signal;

/** What the values of a signal are, and how documents call that. */
public enum SignalType {
  NUMBER("number", "<f8"),
  INTEGER("integer", "<i8"),
  TEXT("string", null),
  /** An index with labels. */
  ENUM("integer", "<i8");

  private final String dtype;
  private final String dtypeNumpy;

  SignalType(String dtype, String dtypeNumpy) {
    this.dtype = dtype;
    this.dtypeNumpy = dtypeNumpy;
  }

  /** The event model's word for a scalar of this type. */
  public String dtype() {
    return dtype;
  }

  /** NumPy's word for one element, or null where the length isn't fixed. */
  public String dtypeNumpy() {
    return dtypeNumpy;
  }
}
