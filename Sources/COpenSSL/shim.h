/// What Swift sees of the system's OpenSSL (3.0 or later), and `shim_` functions for what it only shows as macros or
/// variadics. One line of C each; every decision is made in Swift.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Martinet needs OpenSSL 3.0 or later (Debian: apt-get install libssl-dev)"
#endif

static const uint64_t shim_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t shim_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t shim_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const uint64_t shim_SSL_OP_PRIORITIZE_CHACHA = SSL_OP_PRIORITIZE_CHACHA;
static const uint64_t shim_SSL_OP_NO_TICKET = SSL_OP_NO_TICKET;
static const unsigned long shim_XN_FLAG_RFC2253 = XN_FLAG_RFC2253;

static inline void shim_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_mode(context, mode);
}
static inline int shim_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int shim_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, list);
}
static inline void shim_SSL_CTX_disable_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline int shim_EVP_MAC_CTX_set_hmac_sha256_key(EVP_MAC_CTX *context, const void *key, size_t count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(context, parameters);
}
static inline void shim_SSL_CTX_set_servername_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline void shim_SSL_CTX_set_servername_argument(SSL_CTX *context, void *argument) {
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}
static inline int shim_SSL_set_server_name(SSL *stream, const char *name) {
    return (int)SSL_set_tlsext_host_name(stream, name);
}
static inline int shim_SSL_CTX_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int shim_BIO_is_retry_bits(int flags) { return (flags & BIO_FLAGS_SHOULD_RETRY) != 0; }
static inline EVP_PKEY *shim_EVP_EC_generate(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *shim_EVP_RSA_generate(unsigned int bits) { return EVP_RSA_gen(bits); }
static inline const EVP_MD *shim_sha256(void) { return EVP_sha256(); }

/// A context for HMAC-SHA256 under this key; NULL where that fails. Its parameters are an array with pointers in it.
static inline EVP_MAC_CTX *shim_HMAC_SHA256_new(const unsigned char *key, size_t count) {
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (algorithm == NULL) return NULL;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("digest", (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_MAC_init(context, key, count, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

/// OpenSSL's free functions for its own allocations are macros.
static inline void shim_OPENSSL_free(void *memory) { OPENSSL_free(memory); }
static inline void shim_OPENSSL_clear_free(void *memory, size_t count) { OPENSSL_clear_free(memory, count); }
static inline void shim_X509_list_free(STACK_OF(X509) *list) { sk_X509_pop_free(list, X509_free); }
static inline void shim_X509_EXTENSION_list_free(STACK_OF(X509_EXTENSION) *list) {
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

/// The certificates in PKCS #7, which stay its own; NULL where it has none.
static inline const STACK_OF(X509) *shim_PKCS7_certificates(const PKCS7 *message) {
    if (PKCS7_type_is_signed(message)) return message->d.sign == NULL ? NULL : message->d.sign->cert;
    if (PKCS7_type_is_signedAndEnveloped(message)) {
        return message->d.signed_and_enveloped == NULL ? NULL : message->d.signed_and_enveloped->cert;
    }
    return NULL;
}

#endif
