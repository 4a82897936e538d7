// One connection of the load generator: it handshakes, sends its batch of requests and receives the
// responses as far as that is possible without waiting.

#ifndef CONNECTION_H
#define CONNECTION_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "latency.h"
#include "options.h"
#include "response.h"

enum {
    READ_BUFFER_BYTES = 65536,
    SOURCE_ADDRESSES = 16,    // each has its own ephemeral ports
};

enum outcome { PENDING, ANSWERED, FAILED };

struct connection {
    int descriptor;           // -1 while closed
    SSL *tls;
    SSL_SESSION *session;     // the ticket to resume with
    bool established;
    bool batch_unsent;
    unsigned outstanding;     // responses still to come; a connection is busy while there are any
    uint64_t asked_at;
    struct response response;
};

struct counts {
    uint64_t requests, errors, reopened, not_resumed, body_bytes;
};

static SSL_CTX *tls_context;
static int events;
static char *batch;           // the bytes of `options.pipelined` requests
static size_t batch_length;
static struct connection *connections;   // the active ones, then the idle ones
static int busy;
static struct counts counts;
static struct latency latency;
static const char *last_problem = "";    // why the latest request failed that did

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int keep_session(SSL *tls, SSL_SESSION *session) {
    struct connection *connection = SSL_get_app_data(tls);
    SSL_SESSION_free(connection->session);
    connection->session = session;
    return 1;
}

static void close_connection(struct connection *connection) {
    if (connection->established)
        SSL_shutdown(connection->tls);
    SSL_free(connection->tls);
    close(connection->descriptor);
    ERR_clear_error();
    connection->tls = NULL;
    connection->descriptor = -1;
    connection->established = false;
}

// Starts to connect; a failure shows when the connection is advanced.
static void open_connection(struct connection *connection) {
    int index = (int)(connection - connections), on = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(index % SOURCE_ADDRESSES));
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        die("no descriptor for another connection");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(descriptor, (struct sockaddr *)&source, sizeof source) != 0)
        die("cannot bind a loopback source address");
    connect(descriptor, (struct sockaddr *)&server, sizeof server);

    SSL *tls = SSL_new(tls_context);
    SSL_set_fd(tls, descriptor);
    SSL_set_tlsext_host_name(tls, options.server_name);
    SSL_set_app_data(tls, connection);
    if (connection->session) {
        // A copy, because a session is used up by its use, and not every server sends another.
        SSL_SESSION *copy = SSL_SESSION_dup(connection->session);
        SSL_set_session(tls, copy);
        SSL_SESSION_free(copy);
    }
    if (index >= options.connections)
        SSL_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_connect_state(tls);

    connection->descriptor = descriptor;
    connection->tls = tls;
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = connection}};
    epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event);
}

static enum outcome pending_or_failed(struct connection *connection, int result) {
    int error = SSL_get_error(connection->tls, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return PENDING;
    const char *tls_problem = ERR_reason_error_string(ERR_peek_error());
    last_problem = tls_problem ? tls_problem : "the connection ended";
    return FAILED;
}

static bool accept_response(struct connection *connection) {
    if (connection->response.part == RESPONSE_MALFORMED ||
        connection->response.status != options.status) {
        last_problem = "the response is malformed or has another status";
        return false;
    }
    connection->outstanding--;
    counts.requests++;
    counts.body_bytes += connection->response.body_bytes;
    latency_add(&latency, now() - connection->asked_at);
    return true;
}

// Handshakes, sends and receives as far as that is possible without waiting.
static enum outcome advance(struct connection *connection) {
    static char buffer[READ_BUFFER_BYTES];
    if (!connection->established) {
        int result = SSL_do_handshake(connection->tls);
        if (result != 1)
            return pending_or_failed(connection, result);
        connection->established = true;
        if (options.mode == RESUMED_HANDSHAKES && !SSL_session_reused(connection->tls))
            counts.not_resumed++;
    }
    if (connection->batch_unsent) {
        int result = SSL_write(connection->tls, batch, (int)batch_length);
        if (result <= 0)
            return pending_or_failed(connection, result);
        connection->batch_unsent = false;
        // The answer is an event of its own, whenever it comes.
        return PENDING;
    }
    while (connection->outstanding > 0) {
        int received = SSL_read(connection->tls, buffer, sizeof buffer);
        if (received <= 0)
            return pending_or_failed(connection, received);
        for (size_t used = 0; used < (size_t)received && connection->outstanding > 0;) {
            used += response_feed(&connection->response, buffer + used, (size_t)received - used);
            if (connection->response.part < RESPONSE_DONE)
                continue;
            if (!accept_response(connection))
                return FAILED;
            if (connection->outstanding > 0)
                response_reset(&connection->response);
        }
    }
    return ANSWERED;
}

// Advances a connection and, when its batch is over, puts it to rest.
static enum outcome serve(struct connection *connection) {
    enum outcome outcome = advance(connection);
    if (outcome == PENDING)
        return outcome;
    busy--;
    counts.errors += connection->outstanding;
    connection->outstanding = 0;
    bool announced_close = outcome == ANSWERED && connection->response.closing;
    if (options.mode == KEEP_ALIVE && announced_close)
        counts.reopened++;
    if (options.mode != KEEP_ALIVE || announced_close || outcome == FAILED)
        close_connection(connection);
    return outcome;
}

static void ask(struct connection *connection) {
    if (connection->descriptor < 0)
        open_connection(connection);
    response_reset(&connection->response);
    connection->outstanding = (unsigned)options.pipelined;
    connection->batch_unsent = true;
    connection->asked_at = now();
    busy++;
    serve(connection);
}

// An event on a resting connection: a late session ticket, or the server closed it.
static void notice(struct connection *connection) {
    char byte;
    int received = SSL_read(connection->tls, &byte, 1);
    if (received > 0 || pending_or_failed(connection, received) == FAILED)
        close_connection(connection);
}

// MARK: preparation

// The header file holds more header lines, each ended by CR LF.
static void write_batch(void) {
    static char more[8192], request[16384];
    FILE *file = options.header_file ? fopen(options.header_file, "r") : NULL;
    if (options.header_file && !file)
        die("cannot read the header file");
    if (file) {
        more[fread(more, 1, sizeof more - 1, file)] = '\0';
        fclose(file);
    }
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%d\r\n%s%s\r\n",
                          options.path, options.server_name, options.port, more,
                          options.mode == KEEP_ALIVE ? "" : "Connection: close\r\n");
    batch_length = (size_t)length * (size_t)options.pipelined;
    batch = malloc(batch_length);
    for (int index = 0; index < options.pipelined; index++)
        memcpy(batch + index * length, request, (size_t)length);
}

static int trust_certificate(X509_STORE_CTX *store, void *argument) {
    (void)store, (void)argument;
    return 1;
}

static void make_tls_context(void) {
    static const unsigned char protocols[] = "\x08http/1.1";
    tls_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls_context, TLS1_3_VERSION);
    // One suite and one group, so that all servers do the same work; or all of OpenSSL's, and the server chooses.
    if (!options.offers_all) {
        SSL_CTX_set_ciphersuites(tls_context, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set1_groups_list(tls_context, "X25519");
    }
    SSL_CTX_set_alpn_protos(tls_context, protocols, sizeof protocols - 1);
    SSL_CTX_set_cert_verify_callback(tls_context, trust_certificate, NULL);
    SSL_CTX_set_read_ahead(tls_context, 1);
    SSL_CTX_set_default_read_buffer_len(tls_context, READ_BUFFER_BYTES);
    SSL_CTX_set_session_cache_mode(tls_context, SSL_SESS_CACHE_OFF);
    if (options.mode == RESUMED_HANDSHAKES) {
        SSL_CTX_set_session_cache_mode(tls_context,
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(tls_context, keep_session);
    }
}

#endif
