// The CGI program that every server runs: the least there can be.

#include <unistd.h>

int main(void) {
    static const char message[] = "Content-Type: text/plain\n\nhello, world\n";
    return write(STDOUT_FILENO, message, sizeof message - 1) != (ssize_t)(sizeof message - 1);
}
