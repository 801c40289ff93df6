package io.gatehouse.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gatehouse.protocol.MalformedPacket;
import io.gatehouse.protocol.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a decoder refuses, and with which reason code. */
class PacketDecoderRefusalTest {
    private static final String CONNECT_5 = "100d00044d51545405020000000000";
    private static final String CONNECT_311 = "100c00044d5154540402000000 00".replace(" ", "");

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    [MQTT-3.1.0-1] PUBLISH before CONNECT      | 3003000161                               | PROTOCOL_ERROR
                    CVE-2021-28166 CONNACK from a client       | 20020000                                 | PROTOCOL_ERROR
                    packet type 0                              | 0000                                     | MALFORMED_PACKET
                    [MQTT-3.1.2-2] protocol level 6            | 100d00044d51545406020000000000           | UNSUPPORTED_PROTOCOL_VERSION
                    [MQTT-3.1.2-1] protocol name MQTX          | 100d00044d51545805020000000000           | UNSUPPORTED_PROTOCOL_VERSION
                    MQIsdp with level 4                        | 100f00064d514973647004020000000161       | UNSUPPORTED_PROTOCOL_VERSION
                    [MQTT-3.1.2-3] reserved connect flag       | 100d00044d51545405030000000000           | MALFORMED_PACKET
                    [MQTT-3.1.2-11] will QoS without will      | 100d00044d515454050a0000000000           | MALFORMED_PACKET
                    [MQTT-3.1.2-13] will retain without will   | 100d00044d51545405220000000000           | MALFORMED_PACKET
                    [MQTT-3.1.2-12] will QoS 3                 | 101400044d515454051e000000000000000174000178 | MALFORMED_PACKET
                    3.1.1 [MQTT-3.1.2-22] password, no user    | 100f00044d51545404420000000000 0170      | MALFORMED_PACKET
                    CONNECT with reserved fixed flags          | 110d00044d51545405020000000000           | MALFORMED_PACKET
                    receive maximum 0                          | 101000044d515454050200000321000000 00    | PROTOCOL_ERROR
                    maximum packet size 0                      | 101200044d51545405020000052700000000 0000 | PROTOCOL_ERROR
                    request problem information 2              | 100f00044d515454050200000217020000       | PROTOCOL_ERROR
                    session expiry twice                       | 101700044d515454050200000a11000000011100000001 0000 | PROTOCOL_ERROR
                    authentication data without a method       | 101100044d515454050200000416000161 0000  | PROTOCOL_ERROR
                    property that CONNECT does not know        | 100f00044d51545405020000022301 0000      | MALFORMED_PACKET
                    properties longer than the packet          | 100d00044d51545405020000 7f0000          | MALFORMED_PACKET
                    bytes after the end                        | 100e00044d51545405020000000000 ff        | MALFORMED_PACKET
                    CVE-2026-21888 remaining length, 5 bytes   | 10ffffffff7f                             | MALFORMED_PACKET
                    [MQTT-1.5.5-1] remaining length, too long  | 108d0000044d51545405020000000000         | MALFORMED_PACKET
                    256 MB before login                        | 10ffffff7f                               | PACKET_TOO_LARGE
                    """)
    void decode_first_isRefused(String name, String hex, ReasonCode reason) {
        refuses(new PacketDecoder(CodecLimits.DEFAULT), hex, reason);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    [MQTT-3.1.0-2] a second CONNECT            | 100d00044d51545405020000000000 | PROTOCOL_ERROR
                    SUBACK from a client                       | 90020001                       | PROTOCOL_ERROR
                    UNSUBACK from a client                     | b0020001                       | PROTOCOL_ERROR
                    PINGRESP from a client                     | d000                           | PROTOCOL_ERROR
                    [MQTT-3.3.1-4] QoS 3                       | 36060001610001 00              | MALFORMED_PACKET
                    [MQTT-3.3.1-2] DUP with QoS 0              | 380500016100 00                | MALFORMED_PACKET
                    packet identifier 0                        | 32060001610000 00              | PROTOCOL_ERROR
                    CVE-2021-34432 empty topic without alias   | 3003000000                     | PROTOCOL_ERROR
                    topic with +                               | 300400012b00                   | TOPIC_NAME_INVALID
                    topic with #                               | 3004000123 00                  | TOPIC_NAME_INVALID
                    [MQTT-3.3.2-8] topic alias 0               | 30070001610323 0000            | TOPIC_ALIAS_INVALID
                    topic alias twice                          | 300a0001610623000123 0002      | PROTOCOL_ERROR
                    [MQTT-3.3.4-6] subscription identifier     | 300600016102 0b01              | PROTOCOL_ERROR
                    [MQTT-3.3.2-14] response topic wildcard    | 3008000161040800012b           | PROTOCOL_ERROR
                    payload format 2                           | 30060001610201 02              | PROTOCOL_ERROR
                    [MQTT-1.5.4-2] U+0000 in a topic           | 3006000361006200               | MALFORMED_PACKET
                    [MQTT-1.5.4-1] surrogate in a topic        | 30060003eda08000               | MALFORMED_PACKET
                    overlong encoding                          | 30050002c08000                 | MALFORMED_PACKET
                    above U+10FFFF                             | 30070004f490808000             | MALFORMED_PACKET
                    continuation byte alone                    | 3004000180 00                  | MALFORMED_PACKET
                    [MQTT-2.1.3-1] SUBSCRIBE flags             | 800700010000016100             | MALFORMED_PACKET
                    [MQTT-3.8.3-2] SUBSCRIBE without a filter  | 8203000100                     | PROTOCOL_ERROR
                    SUBSCRIBE with identifier 0                | 82070000000001 6100            | PROTOCOL_ERROR
                    [MQTT-4.7.1-1] a/#/b                       | 820b0001000005612f232f6200     | TOPIC_FILTER_INVALID
                    [MQTT-4.7.1-2] a+                          | 820800010000026 12b00          | TOPIC_FILTER_INVALID
                    empty filter                               | 8206000100000000               | TOPIC_FILTER_INVALID
                    [MQTT-4.8.2-1] $share//x                   | 820f00010000092473686172652f2f78 00 | TOPIC_FILTER_INVALID
                    [MQTT-4.8.2-1] $share/g                    | 820e00010000082473686172652f67 00 | TOPIC_FILTER_INVALID
                    [MQTT-3.8.3-5] reserved options            | 8207000100000161c0             | MALFORMED_PACKET
                    subscription QoS 3                         | 820700010000016103             | PROTOCOL_ERROR
                    retain handling 3                          | 820700010000016130             | PROTOCOL_ERROR
                    [MQTT-3.8.3-4] No Local on $share          | 821000010000 0a2473686172652f672f78 04 | PROTOCOL_ERROR
                    subscription identifier property 0         | 82090001020b00000161 00        | PROTOCOL_ERROR
                    [MQTT-3.10.3-2] UNSUBSCRIBE without filter | a203000100                     | PROTOCOL_ERROR
                    UNSUBSCRIBE with reserved flags            | a00600010000 0161              | MALFORMED_PACKET
                    [MQTT-3.6.1-1] PUBREL with reserved flags  | 60020001                       | MALFORMED_PACKET
                    PUBACK without an identifier               | 4000                           | MALFORMED_PACKET
                    PUBACK with a reason that does not exist   | 40030001ff                     | MALFORMED_PACKET
                    PUBREL with a reason of PUBACK             | 6203000187                     | PROTOCOL_ERROR
                    PINGREQ with a body                        | c00100                         | MALFORMED_PACKET
                    DISCONNECT with flags                      | e100                           | MALFORMED_PACKET
                    [MQTT-3.15.2-1] AUTH with reason 0x87      | f0028700                       | PROTOCOL_ERROR
                    """)
    void decode_afterConnect5_isRefused(String name, String hex, ReasonCode reason) {
        PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
        assertThat(decoder.decode(bytes(CONNECT_5))).isNotNull();
        refuses(decoder, hex, reason);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    AUTH                                  | f000           | MALFORMED_PACKET
                    [MQTT-3-8.3-4] reserved option bits   | 8206000100016104 | MALFORMED_PACKET
                    empty topic                           | 30020000       | TOPIC_NAME_INVALID
                    DISCONNECT with a body                | e0020000       | MALFORMED_PACKET
                    """)
    void decode_afterConnect311_isRefused(String name, String hex, ReasonCode reason) {
        PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
        assertThat(decoder.decode(bytes(CONNECT_311))).isNotNull();
        refuses(decoder, hex, reason);
    }

    /** CVE-2026-44248: the size is judged on what is declared, before anything of it is there. */
    @Test
    void decode_declaredTooLarge_isRefusedWithTwoBytesOfItRead() {
        PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
        decoder.decode(bytes(CONNECT_5));
        decoder.admit();
        refuses(decoder, "30ffffff7f", ReasonCode.PACKET_TOO_LARGE);
    }

    /** GHSA-jqf3-r9ww-c5x8: the limit counts the whole packet, its header included. */
    @Test
    void decode_exactlyAsLargeAsAllowed_isTaken() {
        CodecLimits limits = new CodecLimits(20, 20, 32, 64, 4, 4);
        PacketDecoder decoder = new PacketDecoder(limits);
        decoder.decode(bytes(CONNECT_5));
        assertThat(decoder.decode(bytes("3012 0001 61 00" + "aa".repeat(14)))).isNotNull();
        refuses(decoder, "3013 0001 61 00" + "aa".repeat(15), ReasonCode.PACKET_TOO_LARGE);
    }

    @Test
    void decode_tooManyUserProperties_isRefused() {
        PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
        decoder.decode(bytes(CONNECT_5));
        String properties = "26000161000162".repeat(65);
        refuses(decoder, "30cc03" + "000161" + "c703" + properties, ReasonCode.QUOTA_EXCEEDED);
    }

    /** CVE-2019-11779: a topic of many levels is refused, not walked. */
    @Test
    void decode_topicOfThousandLevels_isRefused() {
        PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
        decoder.decode(bytes(CONNECT_5));
        decoder.admit();
        refuses(decoder, "30eb0703e8" + "2f".repeat(1000) + "00", ReasonCode.TOPIC_NAME_INVALID);
    }

    @Test
    void decode_randomBytes_throwsMalformedPacketAndNothingElse() {
        long seed = 20261124;
        Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            PacketDecoder decoder = new PacketDecoder(CodecLimits.DEFAULT);
            if (round % 4 != 0) {
                decoder.decode(bytes(round % 2 == 0 ? CONNECT_5 : CONNECT_311));
            }
            byte[] noise = new byte[random.nextInt(40)];
            random.nextBytes(noise);
            if (noise.length > 1) {
                noise[1] = (byte) (noise.length - 2);
            }
            ByteBuf in = Unpooled.wrappedBuffer(noise);
            try {
                while (decoder.decode(in) != null) {
                    // on to the next
                }
            } catch (MalformedPacket expected) {
                assertThat(expected.reason().isError())
                        .as("seed %d, round %d", seed, round)
                        .isTrue();
            }
        }
    }

    private static void refuses(PacketDecoder decoder, String hex, ReasonCode reason) {
        assertThatExceptionOfType(MalformedPacket.class)
                .isThrownBy(() -> decoder.decode(bytes(hex)))
                .satisfies(refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    private static ByteBuf bytes(String hex) {
        return Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex.replace(" ", "")));
    }
}
