// Shows everything a script is given, a line each, NAME=value: its environment, then in names that no variable has its
// arguments (#, 1, 2 ...), its working directory, open descriptors, group, signals, and last the request's content.
// X-Words has the number of arguments, for those who see the header alone.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void show(const char *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte > 0x7E || byte == '\\') {
            printf("\\x%02x", byte);
        } else {
            putchar(byte);
        }
    }
}

static void showLine(const char *name, const char *value) {
    printf("%s=", name);
    show(value, strlen(value));
    putchar('\n');
}

// The lines of /proc/self/status that say which signals are blocked and ignored.
static void showSignals(void) {
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "SigBlk:\t", 8) == 0) printf("blocked=%s", line + 8);
        if (strncmp(line, "SigIgn:\t", 8) == 0) printf("ignored=%s", line + 8);
    }
    if (status != NULL) fclose(status);
}

int main(int count, char **words) {
    char text[65536];
    printf("Content-Type: text/plain\nX-Words: %d\n\n", count - 1);
    for (char **variable = environ; *variable != NULL; variable++) {
        show(*variable, strlen(*variable));
        putchar('\n');
    }
    printf("#=%d\n", count - 1);
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        showLine(name, words[i]);
    }
    showLine("cwd", getcwd(text, sizeof text) == NULL ? "?" : text);
    printf("descriptors=");
    for (int number = 0; number < 1024; number++) {
        if (fcntl(number, F_GETFD) >= 0) printf("%s%d", number == 0 ? "" : " ", number);
    }
    printf("\ngroup=%s\n", getpgrp() == getpid() ? "own" : "another's");
    showSignals();
    printf("content=");
    size_t read;
    while ((read = fread(text, 1, sizeof text, stdin)) > 0) show(text, read);
    putchar('\n');
    return 0;
}
