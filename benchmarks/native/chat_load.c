/* A load generator for chats: many WebSockets in one thread, cheap beside what it measures.
 *
 * usage: chat_load PORT PATH READY LINES
 *
 * LINES is a file with a line for each socket, of three fields between tabs: the value of the
 * header Authorization (or nothing), the frame that it sends first (or nothing), and a frame that
 * it sends as often as it is told (or nothing), in which each "@@@@@@@@" becomes the message's
 * number. A socket is ready once a frame that begins with READY has come, or, if that is empty,
 * after the handshake.
 *
 * Writes "ready" when all are, and then follows its standard input, a line at a time:
 *
 *   closed WINDOW MESSAGES EXPECT    WINDOW messages on their way at a time
 *   open RATE MESSAGES EXPECT        RATE messages a second, whatever became of those before
 *
 * each sent by the next sender in turn,
 *
 * and answers each with a line: seconds, deliveries, frames, errors, its own CPU seconds, and the
 * microseconds of each message from when it was due until EXPECT sockets had it (-1 for never).
 * A message is found by "text":"#NUMBER in a frame that begins with {"op":"events".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    AT_ONCE = 512,
    OPENING_MAX = 64,
    READ_BYTES = 1 << 18,
    FRAME_BYTES_MAX = 1 << 16,
    MESSAGES_MAX = 1 << 20,
    DIGITS = 8,
};
static const double PATIENCE_S = 20.0;
static const char EVENTS[] = "{\"op\":\"events\"", FAILED[] = "{\"op\":\"error\"";
static const char NUMBER[] = "\"text\":\"#";

typedef struct {
    char *authorization, *first, *message;
    int fd;
    int is_open, is_ready;
    uint8_t *rest; /* what came of a frame that is not whole yet */
    size_t rest_bytes;
} Socket;

typedef struct {
    double due;
    int64_t took_us;
    int delivered;
} Message;

static Socket *sockets;
static int *senders;
static Message messages[MESSAGES_MAX];
static int socket_count, sender_count, open_count, ready_count, next_socket;
static int poll_fd, timer_fd, port;
static const char *path, *ready_mark;

/* The run that is on. */
static int first, sent, wanted, expect, finished, is_closed_loop;
static int64_t deliveries, frames, errors;
static double rate, started;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void write_all(int fd, const void *data, size_t size) {
    while (size) {
        ssize_t done = send(fd, data, size, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd full = {.fd = fd, .events = POLLOUT};
            poll(&full, 1, 1000);
            continue;
        }
        if (done < 0) fail("send");
        data = (const char *)data + done;
        size -= (size_t)done;
    }
}

/* The mask is zero: a server must undo it all the same. */
static void send_frame(int fd, int kind, const char *payload, size_t length) {
    static uint8_t frame[FRAME_BYTES_MAX + 8];
    size_t head = 2;
    if (length > FRAME_BYTES_MAX) fail("frame too long");
    frame[0] = (uint8_t)(0x80 | kind);
    if (length < 126) {
        frame[1] = (uint8_t)(0x80 | length);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(length >> 8);
        frame[3] = (uint8_t)length;
        head = 4;
    }
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, payload, length);
    write_all(fd, frame, head + 4 + length);
}

static void send_message(double due) {
    static char text[FRAME_BYTES_MAX];
    char digits[DIGITS + 1], *at = text;
    Socket *from = &sockets[senders[sent % sender_count]];
    size_t length = strlen(from->message);
    memcpy(text, from->message, length + 1);
    snprintf(digits, sizeof digits, "%08d", sent);
    while ((at = strstr(at, "@@@@@@@@"))) memcpy(at, digits, DIGITS);
    messages[sent] = (Message){.due = due, .took_us = -1};
    sent++;
    send_frame(from->fd, 1, text, length);
}

static void delivered(int number) {
    if (number < first || number >= sent) return;
    Message *message = &messages[number];
    deliveries++;
    if (++message->delivered != expect) return;
    double at = now();
    message->took_us = (int64_t)((at - message->due) * 1e6);
    finished++;
    if (is_closed_loop && sent < first + wanted) send_message(at);
}

static void take_text(Socket *socket, const char *text, size_t length) {
    if (!socket->is_ready && !strncmp(text, ready_mark, strlen(ready_mark))) {
        socket->is_ready = 1;
        ready_count++;
    }
    if (length > sizeof FAILED && !memcmp(text, FAILED, sizeof FAILED - 1)) {
        if (!errors++) fprintf(stderr, "%.*s\n", (int)length, text);
        return;
    }
    if (length < sizeof EVENTS || memcmp(text, EVENTS, sizeof EVENTS - 1)) return;
    frames++;
    const char *at = text, *end = text + length;
    while ((at = memmem(at, (size_t)(end - at), NUMBER, sizeof NUMBER - 1))) {
        at += sizeof NUMBER - 1;
        if (end - at >= DIGITS) delivered((int)strtol(at, NULL, 10));
    }
}

/* Takes all whole frames of what came; returns how many bytes they had. */
static size_t take_frames(Socket *socket, uint8_t *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        int kind = data[at] & 15;
        uint64_t length = data[at + 1] & 127, head = 2;
        if (length == 126) head = 4;
        if (length == 127) head = 10;
        if (size - at < head) break;
        if (head > 2) {
            length = 0;
            for (uint64_t byte = 2; byte < head; byte++) length = length << 8 | data[at + byte];
        }
        if (size - at < head + length) break;
        char *payload = (char *)data + at + head;
        if (kind == 1) take_text(socket, payload, length);
        if (kind == 9) send_frame(socket->fd, 10, payload, length);
        if (kind == 8) fprintf(stderr, "closed: %.*s\n", (int)length, payload), exit(1);
        at += head + length;
    }
    return at;
}

static void take_handshake(Socket *socket, uint8_t *data, size_t *at, size_t size) {
    uint8_t *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end || strncmp((char *)data, "HTTP/1.1 101", 12)) {
        fprintf(stderr, "handshake: %.*s\n", (int)size, data);
        exit(1);
    }
    *at = (size_t)(end + 4 - data);
    socket->is_open = 1;
    open_count++;
    if (!*ready_mark) {
        socket->is_ready = 1;
        ready_count++;
    }
    if (*socket->first) send_frame(socket->fd, 1, socket->first, strlen(socket->first));
}

static void take(Socket *socket) {
    static uint8_t data[READ_BYTES + FRAME_BYTES_MAX * 4];
    size_t at = 0, size = socket->rest_bytes;
    memcpy(data, socket->rest, size);
    ssize_t came = recv(socket->fd, data + size, READ_BYTES, 0);
    if (came < 0 && errno == EAGAIN) return;
    if (came <= 0) {
        fprintf(stderr, "the server closed a socket\n");
        exit(1);
    }
    size += (size_t)came;
    if (!socket->is_open) take_handshake(socket, data, &at, size);
    at += take_frames(socket, data + at, size - at);
    free(socket->rest);
    socket->rest = NULL;
    socket->rest_bytes = size - at;
    if (socket->rest_bytes) {
        socket->rest = malloc(socket->rest_bytes);
        memcpy(socket->rest, data + at, socket->rest_bytes);
    }
}

static void open_some(void) {
    while (next_socket < socket_count && next_socket - open_count < OPENING_MAX) {
        static char request[8192];
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        Socket *socket_ = &sockets[next_socket];
        int one = 1, size;
        socket_->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (socket_->fd < 0) fail("socket");
        if (connect(socket_->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(socket_->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n",
                        path, *socket_->authorization ? "Authorization: " : "",
                        socket_->authorization, *socket_->authorization ? "\r\n" : "");
        write_all(socket_->fd, request, (size_t)size);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket_};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, socket_->fd, &event);
        next_socket++;
    }
}

/* Waits for what comes, for at most a tenth of a second; true if standard input is one of them. */
static int turn(int listens_to_input) {
    struct epoll_event ready[AT_ONCE];
    struct pollfd input = {.fd = 0, .events = POLLIN};
    int found = epoll_wait(poll_fd, ready, AT_ONCE, 100);
    for (int at = 0; at < found; at++) {
        uint64_t times;
        if (ready[at].data.ptr)
            take(ready[at].data.ptr);
        else if (read(timer_fd, &times, sizeof times) < 0 && errno != EAGAIN)
            fail("timer");
    }
    return listens_to_input && poll(&input, 1, 0) > 0;
}

static void set_timer(double due) {
    struct itimerspec at = {.it_value.tv_sec = (time_t)due};
    at.it_value.tv_nsec = (long)((due - (double)(time_t)due) * 1e9);
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void run(void) {
    double cpu_before = cpu(), last_due;
    deliveries = frames = errors = finished = 0;
    first = sent;
    if (sent + wanted > MESSAGES_MAX) fail("too many messages");
    last_due = started = now();
    if (is_closed_loop) {
        for (int at = 0; at < (int)rate && at < wanted; at++) send_message(now());
    }
    while (finished < wanted) {
        if (!is_closed_loop && sent < first + wanted) {
            while (sent < first + wanted && (last_due = started + (sent - first) / rate) <= now())
                send_message(last_due);
            set_timer(last_due);
        }
        int before = finished;
        turn(0);
        if (is_closed_loop && finished > before) last_due = now();
        if (now() - last_due > PATIENCE_S) break;
    }
    printf("{\"seconds\":%.6f,\"deliveries\":%ld,\"frames\":%ld,\"errors\":%ld,\"cpu_s\":%.6f,",
           now() - started, (long)deliveries, (long)frames, (long)errors, cpu() - cpu_before);
    printf("\"took_us\":[");
    for (int at = first; at < first + wanted; at++)
        printf("%s%ld", at > first ? "," : "", at < sent ? (long)messages[at].took_us : -1L);
    printf("]}\n");
    fflush(stdout);
}

static char *field(char **line) {
    char *start = *line, *tab = strpbrk(start, "\t\n");
    *line = tab ? tab + 1 : start + strlen(start);
    if (tab) *tab = 0;
    return strdup(start);
}

static void read_lines(const char *name) {
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file) fail(name);
    while (getline(&line, &room, file) > 0) {
        char *at = line;
        sockets = realloc(sockets, sizeof *sockets * (size_t)(socket_count + 1));
        senders = realloc(senders, sizeof *senders * (size_t)(socket_count + 1));
        Socket *socket = &sockets[socket_count];
        *socket = (Socket){.fd = -1};
        socket->authorization = field(&at);
        socket->first = field(&at);
        socket->message = field(&at);
        if (*socket->message) senders[sender_count++] = socket_count;
        socket_count++;
    }
    free(line);
    fclose(file);
}

int main(int argc, char **argv) {
    char line[256], kind[16];
    if (argc != 5) return 2;
    port = atoi(argv[1]);
    path = argv[2];
    ready_mark = argv[3];
    read_lines(argv[4]);
    poll_fd = epoll_create1(0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer_fd, &event);
    while (ready_count < socket_count) {
        open_some();
        turn(0);
    }
    printf("ready\n");
    fflush(stdout);
    setvbuf(stdin, NULL, _IONBF, 0);
    for (;;) {
        while (!turn(1)) continue;
        if (!fgets(line, sizeof line, stdin)) return 0;
        if (sscanf(line, "%15s %lf %d %d", kind, &rate, &wanted, &expect) != 4) return 2;
        is_closed_loop = !strcmp(kind, "closed");
        run();
    }
}
