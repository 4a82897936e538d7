// The floors under the measurements: what the kernel and OpenSSL alone cost a server on this machine.
//
//     floor requests             1 KiB keep-alive requests answered by a bare recv/send loop
//     floor requests CERT KEY    the same through SSL_read and SSL_write
//     floor handshake CERT KEY   TLS 1.3 handshakes between two memory buffers, the server's share
//     floor spawn PROGRAM        posix_spawn and waitpid of a program, one after the other
//
// Each prints one line of JSON with microseconds: of processor time, or for spawn of time.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, BODY_BYTES = 1024, HANDSHAKES = 1000 };
static const double REQUEST_SECONDS = 2;

static const char REQUEST[] = "GET /1k.bin HTTP/1.1\r\nHost: localhost:8443\r\n\r\n";
static const char RESPONSE_HEAD[] = "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Thu, 01 Jan 1970 00:00:00 "
                                    "GMT\r\nContent-Type: application/octet-stream\r\nContent-Length: "
                                    "1024\r\nConnection: keep-alive\r\n\r\n";
static char response[sizeof RESPONSE_HEAD - 1 + BODY_BYTES];

struct peer {
    int descriptor;
    SSL *tls;    // NULL without TLS
};

static void die(const char *problem) {
    fprintf(stderr, "floor: %s\n", problem);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static double seconds_of(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static SSL_CTX *server_context(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        die("cannot use the certificate and key");
    return context;
}

static SSL_CTX *client_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context, "X25519");
    return context;
}

// MARK: requests

static int receive(struct peer *peer, char *bytes, int length) {
    return peer->tls ? SSL_read(peer->tls, bytes, length)
                     : (int)recv(peer->descriptor, bytes, (size_t)length, 0);
}

static void transmit(struct peer *peer, const char *bytes, int length) {
    int sent = peer->tls ? SSL_write(peer->tls, bytes, length)
                         : (int)send(peer->descriptor, bytes, (size_t)length, MSG_NOSIGNAL);
    if (sent != length)
        die("a message was not sent whole");
}

// Runs this process on the first or the last of the processors it may use.
static void pin(bool first) {
    cpu_set_t allowed, one;
    sched_getaffinity(0, sizeof allowed, &allowed);
    int chosen = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE && !(first && chosen >= 0); cpu++)
        if (CPU_ISSET(cpu, &allowed))
            chosen = cpu;
    CPU_ZERO(&one);
    CPU_SET(chosen, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void watch(int events, struct peer *peer) {
    struct epoll_event event = {EPOLLIN, {.ptr = peer}};
    epoll_ctl(events, EPOLL_CTL_ADD, peer->descriptor, &event);
}

static struct peer joined(int descriptor, SSL_CTX *context, bool accepting) {
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct peer peer = {descriptor, context ? SSL_new(context) : NULL};
    if (context) {
        SSL_set_fd(peer.tls, descriptor);
        if ((accepting ? SSL_accept(peer.tls) : SSL_connect(peer.tls)) != 1)
            die("a handshake failed");
        // Not before: a request read ahead with the handshake would wait for an event that never comes.
        SSL_set_read_ahead(peer.tls, 1);
    }
    return peer;
}

// Keeps one request outstanding on every connection for a while, then leaves.
static void ask(const struct sockaddr_in *address, SSL_CTX *context) {
    static struct peer peers[CONNECTIONS];
    static char buffer[sizeof response];
    struct epoll_event ready[CONNECTIONS];
    int events = epoll_create1(0);
    for (int index = 0; index < CONNECTIONS; index++) {
        int descriptor = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0)
            die("cannot connect");
        peers[index] = joined(descriptor, context, false);
        watch(events, &peers[index]);
    }
    for (int index = 0; index < CONNECTIONS; index++)
        transmit(&peers[index], REQUEST, sizeof REQUEST - 1);
    double deadline = seconds_of(CLOCK_MONOTONIC) + REQUEST_SECONDS;
    for (int outstanding = CONNECTIONS; outstanding > 0;) {
        int count = epoll_wait(events, ready, CONNECTIONS, -1);
        bool over = seconds_of(CLOCK_MONOTONIC) >= deadline;
        for (int index = 0; index < count; index++) {
            struct peer *peer = ready[index].data.ptr;
            if (receive(peer, buffer, sizeof buffer) != (int)sizeof response)
                die("a response did not come whole");
            if (over)
                outstanding--;
            else
                transmit(peer, REQUEST, sizeof REQUEST - 1);
        }
    }
}

// Answers until the connections are closed, and reports what one answer cost.
static void answer(int listener, SSL_CTX *context) {
    static struct peer peers[CONNECTIONS];
    char buffer[2048];
    struct epoll_event ready[CONNECTIONS];
    int events = epoll_create1(0);
    for (int index = 0; index < CONNECTIONS; index++) {
        peers[index] = joined(accept(listener, NULL, NULL), context, true);
        watch(events, &peers[index]);
    }
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID), answers = 0;
    for (int open = CONNECTIONS; open > 0;) {
        int count = epoll_wait(events, ready, CONNECTIONS, -1);
        for (int index = 0; index < count; index++) {
            struct peer *peer = ready[index].data.ptr;
            if (receive(peer, buffer, sizeof buffer) <= 0) {
                close(peer->descriptor);
                open--;
                continue;
            }
            transmit(peer, response, sizeof response);
            answers++;
        }
    }
    printf("{\"requests\": %.0f, \"request_us\": %.3f}\n", answers,
           (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e6 / answers);
}

static void measure_requests(const char *certificate, const char *key) {
    SSL_CTX *context = certificate ? server_context(certificate, key) : NULL;
    memcpy(response, RESPONSE_HEAD, sizeof RESPONSE_HEAD - 1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, CONNECTIONS) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        die("cannot listen");
    pid_t client = fork();
    if (client == 0) {
        pin(false);
        ask(&address, context ? client_context() : NULL);
        _exit(0);
    }
    pin(true);
    answer(listener, context);
    waitpid(client, NULL, 0);
}

// MARK: handshakes

static int keep_session(SSL *tls, SSL_SESSION *session) {
    SSL_SESSION **kept = SSL_get_app_data(tls);
    SSL_SESSION_free(*kept);
    *kept = session;
    return 1;
}

// One handshake and one byte from the server, after which the client has its session tickets.
// Returns the processor time of the server's side.
static double handshake(SSL_CTX *server_side, SSL_CTX *client_side, SSL_SESSION **session) {
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    char byte = 0;

    SSL *client = SSL_new(client_side);
    SSL_set_bio(client, to_client, to_server);
    SSL_set_app_data(client, session);
    if (*session)
        SSL_set_session(client, *session);
    SSL_connect(client);

    double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    SSL *server = SSL_new(server_side);
    SSL_set_bio(server, to_server, to_client);
    SSL_accept(server);
    double spent = seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;

    SSL_connect(client);

    start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    bool done = SSL_accept(server) == 1 && SSL_write(server, &byte, 1) == 1;
    spent += seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;

    if (!done || SSL_read(client, &byte, 1) != 1)
        die("a handshake failed");
    SSL_shutdown(client);
    SSL_free(client);

    start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    SSL_free(server);
    return spent + seconds_of(CLOCK_THREAD_CPUTIME_ID) - start;
}

static void measure_handshakes(const char *certificate, const char *key) {
    SSL_CTX *server_side = server_context(certificate, key), *client_side = client_context();
    double full = 0, resumed = 0;
    for (int index = 0; index < HANDSHAKES; index++) {
        SSL_SESSION *session = NULL;
        full += handshake(server_side, client_side, &session);
    }
    SSL_CTX_set_session_cache_mode(client_side, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client_side, keep_session);
    SSL_SESSION *session = NULL;
    handshake(server_side, client_side, &session);
    for (int index = 0; index < HANDSHAKES; index++)
        resumed += handshake(server_side, client_side, &session);
    printf("{\"full_us\": %.1f, \"resumed_us\": %.1f}\n", full * 1e6 / HANDSHAKES,
           resumed * 1e6 / HANDSHAKES);
}

static void measure_spawns(const char *program) {
    extern char **environ;
    char *arguments[] = {(char *)program, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    double start = seconds_of(CLOCK_MONOTONIC), spent;
    long count = 0;
    do {
        pid_t child;
        if (posix_spawn(&child, program, &actions, NULL, arguments, environ) != 0)
            die("the program could not be started");
        waitpid(child, NULL, 0);
        count++;
        spent = seconds_of(CLOCK_MONOTONIC) - start;
    } while (spent < REQUEST_SECONDS);
    printf("{\"spawn_us\": %.1f}\n", spent * 1e6 / count);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "requests") == 0)
        measure_requests(NULL, NULL);
    else if (argc == 4 && strcmp(argv[1], "requests") == 0)
        measure_requests(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "handshake") == 0)
        measure_handshakes(argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "spawn") == 0)
        measure_spawns(argv[2]);
    else
        die("usage: floor spawn PROGRAM | floor requests | floor requests CERT KEY | floor handshake CERT KEY");
}
