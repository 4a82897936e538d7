// What the load generator is told on its command line.

#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mode { KEEP_ALIVE, FULL_HANDSHAKES, RESUMED_HANDSHAKES };

static struct {
    const char *server_name, *path, *header_file;
    int port, connections, idle, pipelined, status, offers_all, singly;
    enum mode mode;
} options = {.server_name = "localhost", .path = "/", .connections = 1, .pipelined = 1, .status = 200};

static void die(const char *problem) {
    fprintf(stderr, "load: %s\n", problem);
    exit(2);
}

static void read_options(int argc, char **argv) {
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},      {"sni", required_argument, NULL, 'n'},
        {"path", required_argument, NULL, 'f'},      {"connections", required_argument, NULL, 'c'},
        {"idle", required_argument, NULL, 'i'},      {"pipeline", required_argument, NULL, 'x'},
        {"mode", required_argument, NULL, 'm'},      {"headers", required_argument, NULL, 'h'},
        {"status", required_argument, NULL, 's'},    {"offer-all", no_argument, NULL, 'a'},
        {"ask", required_argument, NULL, 'k'},
        {NULL, 0, NULL, 0},
    };
    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (name) {
        case 'p': options.port = atoi(optarg); break;
        case 'n': options.server_name = optarg; break;
        case 'f': options.path = optarg; break;
        case 'c': options.connections = atoi(optarg); break;
        case 'i': options.idle = atoi(optarg); break;
        case 'x': options.pipelined = atoi(optarg); break;
        case 'h': options.header_file = optarg; break;
        case 'a': options.offers_all = 1; break;
        case 'k': options.singly = strcmp(optarg, "singly") == 0; break;
        case 's': options.status = atoi(optarg); break;
        case 'm':
            options.mode = strcmp(optarg, "full") == 0      ? FULL_HANDSHAKES
                           : strcmp(optarg, "resumed") == 0 ? RESUMED_HANDSHAKES
                                                            : KEEP_ALIVE;
            break;
        default:
            die("usage: load --port N [--sni NAME] [--path PATH] [--connections N] [--idle N]\n"
                "  [--pipeline N] [--mode keepalive|full|resumed] [--headers FILE] [--status N] [--offer-all]\n"
                "  [--ask together|singly]");
        }
    }
    if (options.port <= 0 || options.connections < 0 || options.idle < 0 || options.pipelined < 1)
        die("--port is needed, and counts are positive");
}

#endif
