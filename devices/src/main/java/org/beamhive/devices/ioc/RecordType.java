package org.beamhive.devices.ioc;

import java.util.List;
import org.beamhive.protocol.model.Value;

/**
 * A type of record in an IOC's file.
 *
 * @param name its word in the file
 * @param help what it is
 * @param parameters all that may be given
 * @param maker makes one
 */
record RecordType(String name, String help, List<Parameter> parameters, Maker maker) {
  /** Makes a record; what can only be found out then is told as an IllegalArgumentException. */
  @FunctionalInterface
  interface Maker {
    /**
     * @return what is to be done when all records of the file are there
     */
    Runnable make(String name, Given given, IocRecords ioc);
  }

  Parameter parameter(String key) {
    return parameters.stream().filter(each -> each.name().equals(key)).findFirst().orElse(null);
  }

  /**
   * The parameters of one record, checked.
   *
   * @param prefix of the IOC
   * @param type the record's
   * @param fields those that are given
   */
  record Given(String prefix, RecordType type, Value.Fields fields) {
    Value value(String key) {
      Value given = fields.get(key);
      return given == null ? type.parameter(key).fallback() : given;
    }

    boolean has(String key) {
      return fields.get(key) != null;
    }

    double number(String key) {
      return value(key).asDouble();
    }

    int whole(String key) {
      return (int) number(key);
    }

    boolean flag(String key) {
      return value(key) == Value.Bool.TRUE;
    }

    String text(String key) {
      return ((Value.Text) value(key)).value();
    }

    List<Value> list(String key) {
      return Parameter.list(value(key));
    }

    double low(String key) {
      return list(key).get(0).asDouble();
    }

    double high(String key) {
      return list(key).get(1).asDouble();
    }

    /** The name of a PV of this IOC, which may be written without the prefix. */
    ServedPv pv(String name, IocRecords ioc) {
      ServedPv pv = ioc.find(prefix + name);
      if (pv == null) {
        pv = ioc.find(name);
      }
      if (pv == null) {
        throw new IllegalArgumentException(
            "there is no PV '%s' in this IOC, with or without the prefix '%s'"
                .formatted(name, prefix));
      }
      return pv;
    }
  }
}
