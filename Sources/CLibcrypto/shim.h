// The few calls of libcrypto (OpenSSL 3) that Trust needs, as plain functions over bytes: Swift cannot import OpenSSL's
// macros, and no OpenSSL type shall leave this header. Functions return 1 for yes, 0 for no, -1 when libcrypto failed.
#ifndef MILLWRIGHT_CLIBCRYPTO_H
#define MILLWRIGHT_CLIBCRYPTO_H

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { mw_sha256_bytes = 32, mw_ed25519_key_bytes = 32, mw_ed25519_signature_bytes = 64 };

// A running SHA-256; NULL when out of memory. Ended by mw_sha256_free.
static inline void *mw_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    return context;
}

static inline int mw_sha256_update(void *context, const void *bytes, size_t count) {
    return EVP_DigestUpdate((EVP_MD_CTX *)context, bytes, count) == 1 ? 1 : -1;
}

static inline int mw_sha256_final(void *context, uint8_t digest[mw_sha256_bytes]) {
    unsigned int count = 0;
    return EVP_DigestFinal_ex((EVP_MD_CTX *)context, digest, &count) == 1 && count == mw_sha256_bytes ? 1 : -1;
}

static inline void mw_sha256_free(void *context) { EVP_MD_CTX_free((EVP_MD_CTX *)context); }

// Makes a new Ed25519 key and gives its 32-byte seed (the raw private key).
static inline int mw_ed25519_generate(uint8_t seed[mw_ed25519_key_bytes]) {
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t count = mw_ed25519_key_bytes;
    int done = key != NULL && EVP_PKEY_get_raw_private_key(key, seed, &count) == 1 && count == mw_ed25519_key_bytes;
    EVP_PKEY_free(key);
    return done ? 1 : -1;
}

static inline int mw_ed25519_public_key(const uint8_t seed[mw_ed25519_key_bytes], uint8_t out[mw_ed25519_key_bytes]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, mw_ed25519_key_bytes);
    size_t count = mw_ed25519_key_bytes;
    int done = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &count) == 1 && count == mw_ed25519_key_bytes;
    EVP_PKEY_free(key);
    return done ? 1 : -1;
}

static inline int mw_ed25519_sign(
    const uint8_t seed[mw_ed25519_key_bytes], const uint8_t *message, size_t message_bytes,
    uint8_t signature[mw_ed25519_signature_bytes]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, mw_ed25519_key_bytes);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t count = mw_ed25519_signature_bytes;
    int done = key != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestSign(context, signature, &count, message, message_bytes) == 1 &&
               count == mw_ed25519_signature_bytes;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return done ? 1 : -1;
}

// 1 valid, 0 anything else: a malformed key or signature is not valid, and never an error that ends an update.
static inline int mw_ed25519_is_valid(
    const uint8_t public_key[mw_ed25519_key_bytes], const uint8_t *message, size_t message_bytes,
    const uint8_t *signature, size_t signature_bytes) {
    if (signature_bytes != mw_ed25519_signature_bytes) return 0;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, mw_ed25519_key_bytes);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int valid = key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, signature_bytes, message, message_bytes) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return valid;
}

// Writes the key as PEM PKCS#8 ("PRIVATE KEY"); gives the number of bytes, -1 when it failed or does not fit.
static inline int mw_ed25519_write_pem(const uint8_t seed[mw_ed25519_key_bytes], uint8_t *out, size_t capacity) {
    int written = -1;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, mw_ed25519_key_bytes);
    BIO *bio = BIO_new(BIO_s_secmem());
    if (key != NULL && bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        char *text = NULL;
        long count = BIO_get_mem_data(bio, &text);
        if (count > 0 && (size_t)count <= capacity) {
            memcpy(out, text, (size_t)count);
            written = (int)count;
        }
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return written;
}

// An empty pass phrase: without this, libcrypto would ask at the terminal for an encrypted key.
static inline int mw_no_pass_phrase(char *buffer, int size, int writing, void *context) {
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

// Reads a PEM private key; 0 when it is not an unencrypted Ed25519 key.
static inline int mw_ed25519_read_pem(const uint8_t *pem, size_t count, uint8_t seed[mw_ed25519_key_bytes]) {
    if (count > INT_MAX) return 0;
    BIO *bio = BIO_new_mem_buf(pem, (int)count);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, mw_no_pass_phrase, NULL) : NULL;
    size_t seed_bytes = mw_ed25519_key_bytes;
    int done = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 &&
               EVP_PKEY_get_raw_private_key(key, seed, &seed_bytes) == 1 && seed_bytes == mw_ed25519_key_bytes;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return done;
}

#endif
