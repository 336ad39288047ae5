/*
 * The connections of many watchers. Both contenders' figures include the time to receive the answers, so this is native code: a
 * client in the runtime of one contender took as long to receive a thousand answers as an agent took to send them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 4096, EVENTS = 1024 };

/* The system's struct epoll_event, which the runtime's compiler does not pack as the system does on x86-64. */
struct event {
  unsigned kinds;
#ifndef __x86_64__
  unsigned unused;
#endif
  unsigned watcher;
  unsigned high;
};

struct connection {
  int fd;
  int length;
  int ended;
  /* Milliseconds since the start of `wake` at which the last part of the answer arrived. */
  double at_ms;
  /* The answer as received so far, with a zero at its end. */
  char bytes[CAPACITY];
};

struct watchers {
  int count;
  /* Whether the connections speak HTTP/2, as gRPC does, and not HTTP/1.1. */
  int is_http2;
  int epoll;
  /* All watchers, and last the connection that writes. */
  struct connection *all;
};

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static int open_connection(int port) {
  struct sockaddr_in address;
  int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void watchers_close(struct watchers *self) {
  for (int at = 0; at <= self->count; at++)
    if (self->all[at].fd > 0) close(self->all[at].fd);
  close(self->epoll);
  free(self->all);
  free(self);
}

/* Returns 0 if a connection cannot be opened. */
struct watchers *watchers_open(int port, int count, int is_http2) {
  struct watchers *self = malloc(sizeof *self);
  self->count = count;
  self->is_http2 = is_http2;
  self->epoll = epoll_create1(0);
  self->all = calloc(count + 1, sizeof *self->all);
  for (int at = 0; at <= count; at++) {
    struct event event;
    memset(&event, 0, sizeof event);
    event.kinds = EPOLLIN;
    event.watcher = at;
    self->all[at].fd = open_connection(port);
    if (self->all[at].fd < 0 || epoll_ctl(self->epoll, EPOLL_CTL_ADD, self->all[at].fd, (struct epoll_event *)&event) != 0) {
      watchers_close(self);
      return 0;
    }
  }
  return self;
}

/* Sends octets on a watcher's connection, whose last answer is forgotten. Returns whether all were sent. */
int watchers_ask(struct watchers *self, int watcher, const char *request, int length) {
  struct connection *one = &self->all[watcher];
  one->length = 0;
  one->bytes[0] = 0;
  return length == 0 || send(one->fd, request, length, MSG_NOSIGNAL) == length;
}

/* Returns whether a frame of data with a message has arrived (RFC 9113, 4.1): its header has 9 octets, that of gRPC 5. */
static int has_message(const struct connection *one) {
  const unsigned char *frame = (const unsigned char *)one->bytes, *end = frame + one->length;
  while (frame + 9 <= end) {
    int length = frame[0] << 16 | frame[1] << 8 | frame[2];
    if (frame + 9 + length > end) return 0;
    if (frame[3] == 0 && length > 5) return 1;
    frame += 9 + length;
  }
  return 0;
}

static int is_whole_text(const struct connection *one) {
  const char *body = strstr(one->bytes, "\r\n\r\n"), *field;
  if (!body) return 0;
  body += 4;
  for (field = one->bytes; field < body; field = strstr(field, "\r\n") + 2)
    if (strncasecmp(field, "content-length:", 15) == 0)
      return one->bytes + one->length - body >= strtol(field + 15, 0, 10);
  return one->length >= 5 && strcmp(one->bytes + one->length - 5, "0\r\n\r\n") == 0;
}

static int is_whole(const struct watchers *self, const struct connection *one) {
  return self->is_http2 ? has_message(one) : is_whole_text(one);
}

/* Receives what has arrived, and waits up to `wait_ms` for the first of it. Returns the number of answers that this made whole. */
static int receive(struct watchers *self, int wait_ms, double start_ms) {
  struct event events[EVENTS];
  int whole = 0, found = epoll_wait(self->epoll, (struct epoll_event *)events, EVENTS, wait_ms);
  for (int at = 0; at < found; at++) {
    struct connection *one = &self->all[events[at].watcher];
    int room = CAPACITY - 1 - one->length;
    ssize_t got = room > 0 ? recv(one->fd, one->bytes + one->length, room, MSG_DONTWAIT) : 0;
    if (got < 0 && errno == EAGAIN) continue;
    if (got <= 0) {
      one->ended = 1;
      epoll_ctl(self->epoll, EPOLL_CTL_DEL, one->fd, 0);
      continue;
    }
    one->length += got;
    one->bytes[one->length] = 0;
    one->at_ms = now_ms() - start_ms;
    whole += is_whole(self, one);
  }
  return whole;
}

/* Sends a write on a connection of its own, and receives until all watchers and the write have their answers. */
void watchers_wake(struct watchers *self, const char *request, int length, int within_ms) {
  double start_ms = now_ms();
  int missing = self->count + 1;
  watchers_ask(self, self->count, request, length);
  while (missing > 0 && now_ms() - start_ms < within_ms) missing -= receive(self, 100, start_ms);
}

/* Receives what has arrived; returns the number of watchers without a whole answer. */
int watchers_waiting(struct watchers *self) {
  int waiting = 0;
  receive(self, 0, 0);
  for (int at = 0; at < self->count; at++) waiting += !is_whole(self, &self->all[at]);
  return waiting;
}

/* Returns an answer as received so far, or "ended" if its connection has ended. The number of watchers means the write. */
const char *watchers_answer(struct watchers *self, int watcher) {
  return self->all[watcher].ended ? "ended" : self->all[watcher].bytes;
}

double watchers_answered_ms(struct watchers *self, int watcher) { return self->all[watcher].at_ms; }
