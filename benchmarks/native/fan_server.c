/* A bare WebSocket server: what any client sends goes to all of them, as one prebuilt frame.
 *
 * Single-threaded, epoll, one send(2) a socket and nothing else: the floor under a fan-out.
 * It keeps no record, asks nobody who they are, and takes the first frame of a read alone.
 *
 * usage: fan_server            prints its port, then serves until it is killed
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_MAX = 65536, READ_BYTES = 65536, BACKLOG = 4096, AT_ONCE = 512 };

static const char SWITCHING[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

static int sockets[SOCKETS_MAX];
static int place[SOCKETS_MAX]; /* by descriptor: where it stands in `sockets`; -1 before the 101 */
static int count;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void drop(int fd) {
    if (place[fd] >= 0) {
        sockets[place[fd]] = sockets[--count];
        place[sockets[place[fd]]] = place[fd];
    }
    close(fd);
}

/* Unmasks the client's frame in place; returns the length of its payload, 0 if it is another. */
static size_t payload_of(uint8_t *data, size_t size, uint8_t **payload) {
    if (size < 6 || (data[0] & 15) != 1) return 0;
    size_t length = data[1] & 127, head = 2;
    if (length == 126) {
        length = (size_t)data[2] << 8 | data[3];
        head = 4;
    }
    if (size < head + 4 + length) return 0;
    uint8_t *mask = data + head;
    *payload = data + head + 4;
    for (size_t at = 0; at < length; at++) (*payload)[at] ^= mask[at & 3];
    return length;
}

static void broadcast(const uint8_t *payload, size_t length) {
    static uint8_t frame[READ_BYTES + 4];
    size_t head = 2;
    frame[0] = 0x81;
    if (length < 126) {
        frame[1] = (uint8_t)length;
    } else {
        frame[1] = 126;
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
        head = 4;
    }
    memcpy(frame + head, payload, length);
    for (int at = 0; at < count; at++) {
        ssize_t sent = send(sockets[at], frame, head + length, MSG_NOSIGNAL);
        if (sent != (ssize_t)(head + length) && errno != EPIPE && errno != ECONNRESET)
            fail("a client does not read");
    }
}

static void serve(int fd) {
    static uint8_t data[READ_BYTES];
    ssize_t size = recv(fd, data, sizeof data, 0);
    if (size <= 0) {
        if (size < 0 && errno == EAGAIN) return;
        drop(fd);
        return;
    }
    if (place[fd] < 0) {
        /* A handshake on loopback comes in one piece. */
        if (send(fd, SWITCHING, sizeof SWITCHING - 1, MSG_NOSIGNAL) < 0) fail("send");
        place[fd] = count;
        sockets[count++] = fd;
        return;
    }
    uint8_t *payload = NULL;
    size_t length = payload_of(data, (size_t)size, &payload);
    if (length) broadcast(payload, length);
}

int main(void) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, BACKLOG)) fail("bind");
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[AT_ONCE];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int found = epoll_wait(poll, ready, AT_ONCE, -1);
        for (int at = 0; at < found; at++) {
            int fd = ready[at].data.fd;
            if (fd != listener) {
                serve(fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (fd >= SOCKETS_MAX) fail("too many sockets");
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                place[fd] = -1;
                event.events = EPOLLIN;
                event.data.fd = fd;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}
