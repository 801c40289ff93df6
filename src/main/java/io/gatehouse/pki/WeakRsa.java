package io.gatehouse.pki;

import java.math.BigInteger;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the public half tells of RSA keys that are long enough and can be factored all the same. Stateless.
 *
 * <p>Keys of a flawed library in chips (ROCA, CVE-2017-15361) are told by the paper's fingerprint (Nemec, Sys, Svenda, Klinec,
 * Matyas: The Return of Coppersmith's Attack, CCS 2017): its primes are {@code k * M + 65537^a mod M}, with M the product of
 * the first primes, so that the modulus is a power of 65537 modulo each of them. Of other keys one in 240 million is.
 */
public final class WeakRsa {
    /** FIPS 186-5, A.1.1: an exponent is odd and between 2^16 and 2^256. */
    private static final BigInteger LEAST_EXPONENT = BigInteger.valueOf(65_537);

    private static final int MOST_EXPONENT_BITS = 256;

    /** SP 800-89, 5.3.3: the modulus has no factor below. */
    private static final int LEAST_FACTOR = 752;

    /** The smallest M, that of keys of 512 bits, is a product of the primes up to this one; it divides every other. */
    private static final int LAST_OF_ROCA = 167;

    /** Rounds of Fermat's factorisation, as public authorities have to try (CA/Browser Forum BR 6.1.1.3). */
    private static final int FERMAT_ROUNDS = 100;

    private static final BigInteger SMALL_PRIMES =
            primesBelow(LEAST_FACTOR).stream().map(BigInteger::valueOf).reduce(BigInteger.ONE, BigInteger::multiply);
    private static final List<Powers> ROCA = roca();

    private static final BitSet SQUARES_OF_64 = squares(64);
    private static final BitSet SQUARES_OF_63 = squares(63);
    private static final BitSet SQUARES_OF_65 = squares(65);
    private static final BitSet SQUARES_OF_11 = squares(11);
    private static final BigInteger SIEVE = BigInteger.valueOf(63 * 65 * 11);

    /** The powers of 65537 modulo a prime. */
    private record Powers(int prime, BitSet residues) {}

    private WeakRsa() {}

    /** What is wrong with a key; empty if nothing that is known. */
    public static Optional<String> fault(RSAPublicKey key) {
        BigInteger exponent = key.getPublicExponent();
        BigInteger modulus = key.getModulus();
        if (exponent.compareTo(LEAST_EXPONENT) < 0
                || !exponent.testBit(0)
                || exponent.bitLength() > MOST_EXPONENT_BITS) {
            return Optional.of("its public exponent is not an odd number from 65537 up");
        }
        if (!modulus.gcd(SMALL_PRIMES).equals(BigInteger.ONE)) {
            return Optional.of("its modulus has a small factor");
        }
        if (isRoca(modulus)) {
            return Optional.of("it comes from a library that makes keys others can compute (ROCA, CVE-2017-15361)");
        }
        if (hasClosePrimes(modulus)) {
            return Optional.of("its primes are so close that anybody finds them (Fermat)");
        }
        return Optional.empty();
    }

    static boolean isRoca(BigInteger modulus) {
        return ROCA.stream()
                .allMatch(powers -> powers.residues()
                        .get(modulus.mod(BigInteger.valueOf(powers.prime())).intValue()));
    }

    private static List<Powers> roca() {
        List<Powers> all = new ArrayList<>();
        for (int prime : primesBelow(LAST_OF_ROCA + 1)) {
            BitSet residues = new BitSet(prime);
            int power = 1;
            do {
                residues.set(power);
                power = power * 65_537 % prime;
            } while (power != 1);
            all.add(new Powers(prime, residues));
        }
        return all;
    }

    /** Whether the two factors are next to the root: then the root's distance to the next squares finds them. */
    private static boolean hasClosePrimes(BigInteger modulus) {
        BigInteger middle = modulus.sqrt();
        if (middle.multiply(middle).equals(modulus)) {
            return true;
        }
        middle = middle.add(BigInteger.ONE);
        BigInteger rest = middle.multiply(middle).subtract(modulus);
        for (int round = 0; round < FERMAT_ROUNDS; round++) {
            if (isSquare(rest)) {
                return true;
            }
            rest = rest.add(middle.shiftLeft(1)).add(BigInteger.ONE);
            middle = middle.add(BigInteger.ONE);
        }
        return false;
    }

    private static boolean isSquare(BigInteger number) {
        // what no square is modulo a small number is none: of a hundred numbers one is left for the root, which is dear
        if (!SQUARES_OF_64.get(number.intValue() & 63)) {
            return false;
        }
        int rest = number.mod(SIEVE).intValue();
        if (!SQUARES_OF_63.get(rest % 63) || !SQUARES_OF_65.get(rest % 65) || !SQUARES_OF_11.get(rest % 11)) {
            return false;
        }
        BigInteger root = number.sqrt();
        return root.multiply(root).equals(number);
    }

    private static BitSet squares(int modulus) {
        BitSet squares = new BitSet(modulus);
        IntStream.range(0, modulus).forEach(root -> squares.set(root * root % modulus));
        return squares;
    }

    private static List<Integer> primesBelow(int end) {
        return IntStream.range(2, end)
                .filter(number -> IntStream.range(2, number).noneMatch(divisor -> number % divisor == 0))
                .boxed()
                .toList();
    }
}
