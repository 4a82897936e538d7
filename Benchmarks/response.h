// Reads HTTP/1.1 responses as their bytes arrive, as far as a load generator needs: the status,
// whether the server will close, and where the body ends. The body itself is only counted.

#ifndef RESPONSE_H
#define RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum response_part {
    RESPONSE_HEAD,
    RESPONSE_BODY,
    RESPONSE_CHUNK_SIZE,
    RESPONSE_CHUNK_DATA,
    RESPONSE_CHUNK_END,
    RESPONSE_TRAILER,
    RESPONSE_DONE,
    RESPONSE_MALFORMED,
};

struct response {
    enum response_part part;
    int status;
    bool closing;            // the server announced that it closes the connection
    uint64_t left;           // bytes of the body, or of the chunk, still to come
    uint64_t body_bytes;
    size_t text_length;
    char text[4096];         // the head, or one line of the chunked framing
};

static void response_reset(struct response *response) {
    response->part = RESPONSE_HEAD;
    response->status = 0;
    response->closing = false;
    response->left = 0;
    response->body_bytes = 0;
    response->text_length = 0;
}

// Gathers bytes in `text` up to and including `end`; returns how many were taken, and sets `*found`.
static size_t response_gather(struct response *response, const char *end, const char *bytes,
                              size_t length, bool *found) {
    size_t end_length = strlen(end);
    size_t before = response->text_length;
    size_t room = sizeof response->text - 1 - before;
    size_t taken = length < room ? length : room;
    memcpy(response->text + before, bytes, taken);
    response->text_length = before + taken;

    size_t search_from = before >= end_length ? before - end_length + 1 : 0;
    char *match = memmem(response->text + search_from, response->text_length - search_from, end,
                         end_length);
    *found = match != NULL;
    if (match) {
        size_t kept = (size_t)(match - response->text) + end_length;
        taken = kept - before;
        response->text_length = kept;
        response->text[kept] = '\0';
    } else if (taken == room) {
        response->part = RESPONSE_MALFORMED;
    }
    return taken;
}

static bool response_field_is(const char *line, const char *name) {
    return strncasecmp(line, name, strlen(name)) == 0;
}

static void response_read_head(struct response *response) {
    bool chunked = false;
    if (strncmp(response->text, "HTTP/1.1 ", 9) != 0) {
        response->part = RESPONSE_MALFORMED;
        return;
    }
    response->status = atoi(response->text + 9);
    for (char *line = strchr(response->text, '\n'); line && line[1]; line = strchr(line, '\n')) {
        line++;
        if (response_field_is(line, "content-length:"))
            response->left = strtoull(line + 15, NULL, 10);
        else if (response_field_is(line, "transfer-encoding: chunked"))
            chunked = true;
        else if (response_field_is(line, "connection: close"))
            response->closing = true;
    }
    bool has_body = response->status != 304 && response->status != 204;
    if (has_body && chunked)
        response->part = RESPONSE_CHUNK_SIZE;
    else
        response->part = has_body && response->left > 0 ? RESPONSE_BODY : RESPONSE_DONE;
}

// What follows a complete head, chunk-size line, chunk end or trailer line.
static void response_read_text(struct response *response) {
    switch (response->part) {
    case RESPONSE_HEAD:
        response_read_head(response);
        break;
    case RESPONSE_CHUNK_SIZE:
        response->left = strtoull(response->text, NULL, 16);
        response->part = response->left > 0 ? RESPONSE_CHUNK_DATA : RESPONSE_TRAILER;
        break;
    case RESPONSE_CHUNK_END:
        response->part = RESPONSE_CHUNK_SIZE;
        break;
    default:
        if (response->text_length == 2)
            response->part = RESPONSE_DONE;
    }
    response->text_length = 0;
}

// Takes bytes of one response until it is done or malformed, or none are left; returns how many.
static size_t response_feed(struct response *response, const char *bytes, size_t length) {
    size_t taken = 0;
    while (taken < length && response->part < RESPONSE_DONE) {
        size_t available = length - taken;
        if (response->part == RESPONSE_BODY || response->part == RESPONSE_CHUNK_DATA) {
            size_t share = response->left < available ? (size_t)response->left : available;
            response->left -= share;
            response->body_bytes += share;
            taken += share;
            if (response->left == 0)
                response->part = response->part == RESPONSE_BODY ? RESPONSE_DONE : RESPONSE_CHUNK_END;
            continue;
        }
        const char *end = response->part == RESPONSE_HEAD ? "\r\n\r\n" : "\r\n";
        bool found;
        taken += response_gather(response, end, bytes + taken, available, &found);
        if (found)
            response_read_text(response);
    }
    return taken;
}

#endif
