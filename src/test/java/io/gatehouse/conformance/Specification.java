package io.gatehouse.conformance;

/** A version of the protocol with numbered statements. */
enum Specification {
    /** OASIS Standard, 29 October 2014; Appendix B has 141 statements. */
    MQTT_3_1_1("MQTT 3.1.1", "mqtt-3.1.1.txt", 141),
    /** OASIS Standard, 7 March 2019; Appendix B has 251 statements. */
    MQTT_5("MQTT 5.0", "mqtt-5.0.txt", 251);

    private final String title;
    private final String resource;
    private final int statements;

    Specification(String title, String resource, int statements) {
        this.title = title;
        this.resource = resource;
        this.statements = statements;
    }

    String title() {
        return title;
    }

    /** The list of its statements, beside this room's other resources. */
    String resource() {
        return "/conformance/" + resource;
    }

    /** How many statements its appendix lists. */
    int statements() {
        return statements;
    }
}
