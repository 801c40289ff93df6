package io.gatehouse.pki;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Random;

/** RSA keys that work, are long enough, and are broken: each made as those are that were found in the world. */
public final class BrokenKeys {
    static final BigInteger F4 = BigInteger.valueOf(65_537);

    private final Random random;

    public BrokenKeys(long seed) {
        this.random = new Random(seed);
    }

    /** As the flawed library makes a prime: k * M + 65537^a mod M, with M the product of the first primes. */
    private BigInteger flawedPrime(int bits, int primes) {
        BigInteger product = BigInteger.ONE;
        BigInteger prime = BigInteger.TWO;
        for (int i = 0; i < primes; i++) {
            product = product.multiply(prime);
            prime = prime.nextProbablePrime();
        }
        while (true) {
            BigInteger power = F4.modPow(new BigInteger(product.bitLength(), random), product);
            BigInteger least = BigInteger.ONE.shiftLeft(bits - 1).divide(product);
            BigInteger candidate = new BigInteger(least.bitLength() - 1, random)
                    .add(least)
                    .multiply(product)
                    .add(power)
                    .setBit(bits - 2);
            candidate = candidate.subtract(candidate.mod(product)).add(power);
            if (candidate.bitLength() == bits && candidate.isProbablePrime(40)) {
                return candidate;
            }
        }
    }

    /** Of the library with the flaw called ROCA; it multiplies 126 primes for keys of 1984 to 3936 bits. */
    public KeyPair roca(int bits, int primes) throws GeneralSecurityException {
        return pair(flawedPrime(bits / 2, primes), flawedPrime(bits / 2, primes));
    }

    /** Of two primes that are neighbours. */
    public KeyPair closePrimes(int bits) throws GeneralSecurityException {
        BigInteger p = BigInteger.probablePrime(bits / 2, random).setBit(bits / 2 - 2);
        p = p.nextProbablePrime();
        return pair(p, p.nextProbablePrime());
    }

    /** Of a prime that everybody tries, and a large one. */
    public KeyPair smallFactor(int bits) throws GeneralSecurityException {
        return pair(BigInteger.valueOf(751), BigInteger.probablePrime(bits - 9, random));
    }

    private static KeyPair pair(BigInteger p, BigInteger q) throws GeneralSecurityException {
        BigInteger modulus = p.multiply(q);
        BigInteger secret = F4.modInverse(p.subtract(BigInteger.ONE).multiply(q.subtract(BigInteger.ONE)));
        KeyFactory factory = KeyFactory.getInstance("RSA");
        return new KeyPair(
                factory.generatePublic(new RSAPublicKeySpec(modulus, F4)),
                factory.generatePrivate(new RSAPrivateKeySpec(modulus, secret)));
    }
}
