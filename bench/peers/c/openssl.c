// A C client behind the same line protocol: what a developer writes with send(2) and with OpenSSL.
//
//   cc -O2 -o peers-c openssl.c -lssl -lcrypto -lm
//   --impl c-bare            ready bytes by send(2) to --raw-port; spins on the clock between orders
//   --impl c-bare-rehearsed  the same, rehearsed on a shadow connection each 20 us
//   --impl openssl           order, HMAC, WebSocket frame and SSL_write, expert style: one buffer, no allocation of its own
//
// Throw-away credentials, loopback only.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *impl, *host = "127.0.0.1", *ca, *key, *secret, *path = "/";
static int port, raw_port, cpu = -1;

static void die(const char *what) {
	fprintf(stderr, "peers-c: %s: %s\n", what, errno ? strerror(errno) : "failed");
	exit(1);
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t wall_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t splitmix64(uint64_t state) {
	uint64_t z = state + 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static int64_t wait_of(uint64_t seed, int i, int64_t think) {
	uint64_t y = splitmix64(~seed + (uint64_t)i);
	double t = (double)think, w = t * -log((double)((y >> 11) + 1) / 9007199254740992.0);
	if (w < t / 4) w = t / 4;
	if (w > t * 4) w = t * 4;
	return (int64_t)w;
}

static int dial(int p) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(p)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1 || (ntohl(a.sin_addr.s_addr) >> 24) != 127) {
		errno = 0;
		die("not a loopback address");
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0) die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

// The order as text: what is the same in every order is written once.
static char frame[2048], signed_text[1024];
static int frame_len;
static HMAC_CTX *mac;

static void order(uint64_t id, int64_t price, int64_t qty) {
	unsigned char sum[32];
	unsigned int n = sizeof sum;
	int64_t ms = wall_ms();
	int m = snprintf(signed_text, sizeof signed_text,
		"apiKey=%s&newClientOrderId=ow-%010llu&price=%lld.%02lld&quantity=%lld.%05lld&side=BUY&symbol=BTCUSDT&timeInForce=GTC&timestamp=%lld&type=LIMIT",
		key, (unsigned long long)id, (long long)price / 100, (long long)price % 100, (long long)qty / 100000, (long long)qty % 100000, (long long)ms);
	HMAC_Init_ex(mac, NULL, 0, NULL, NULL); // the key stays
	HMAC_Update(mac, (unsigned char *)signed_text, m);
	HMAC_Final(mac, sum, &n);
	char *f = frame + 8;
	int k = snprintf(f, sizeof frame - 8,
		"{\"id\":\"%010llu\",\"method\":\"order.place\",\"params\":{\"apiKey\":\"%s\",\"newClientOrderId\":\"ow-%010llu\",\"price\":\"%lld.%02lld\",\"quantity\":\"%lld.%05lld\",\"side\":\"BUY\",\"symbol\":\"BTCUSDT\",\"timeInForce\":\"GTC\",\"timestamp\":%lld,\"type\":\"LIMIT\",\"signature\":\"",
		(unsigned long long)id, key, (unsigned long long)id, (long long)price / 100, (long long)price % 100, (long long)qty / 100000, (long long)qty % 100000, (long long)ms);
	static const char hex[] = "0123456789abcdef";
	for (int i = 0; i < 32; i++) {
		f[k++] = hex[sum[i] >> 4];
		f[k++] = hex[sum[i] & 15];
	}
	memcpy(f + k, "\"}}", 3);
	k += 3;
	unsigned char mask[4];
	static unsigned char pool[4096];
	static int at = sizeof pool;
	if (at == sizeof pool) {
		RAND_bytes(pool, sizeof pool);
		at = 0;
	}
	memcpy(mask, pool + at, 4);
	at += 4;
	frame[0] = (char)0x81, frame[1] = (char)(0x80 | 126), frame[2] = k >> 8, frame[3] = k & 255;
	memcpy(frame + 4, mask, 4);
	for (int i = 0; i < k; i++) f[i] ^= mask[i & 3];
	frame_len = k + 8;
}

static SSL *ssl;
static int bare_fd, shadow_fd = -1, sink_fd;
static unsigned char *message, answer[65536];
static int message_len = 419, answer_len = 384;

static void connect_bare(int rehearsed) {
	bare_fd = dial(raw_port);
	message = calloc(1, message_len);
	uint32_t hello[2] = {message_len, answer_len};
	if (send(bare_fd, hello, 8, 0) != 8) die("send");
	nonblocking(bare_fd);
	if (!rehearsed) return;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(l, (struct sockaddr *)&a, n) < 0 || listen(l, 1) < 0 || getsockname(l, (struct sockaddr *)&a, &n) < 0) die("shadow");
	shadow_fd = dial(ntohs(a.sin_port));
	sink_fd = accept(l, NULL, NULL);
	nonblocking(shadow_fd);
	nonblocking(sink_fd);
	close(l);
}

static void connect_ssl(void) {
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1) die("certificate authority");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	int fd = dial(port);
	ssl = SSL_new(ctx);
	X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1) die("TLS handshake");
	int n = snprintf(frame, sizeof frame, "GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path[0] == '/' ? "" : "/", path, host, port);
	if (SSL_write(ssl, frame, n) != n) die("upgrade");
	n = SSL_read(ssl, answer, sizeof answer - 1);
	if (n <= 0 || memcmp(answer, "HTTP/1.1 101", 12) != 0) die("upgrade");
	nonblocking(fd);
	mac = HMAC_CTX_new();
	HMAC_Init_ex(mac, secret, strlen(secret), EVP_sha256(), NULL);
}

static int64_t number_after(const char *name) {
	char *p = strstr((char *)answer, name);
	return p ? strtoll(p + strlen(name), NULL, 10) : 0;
}

static int64_t rx, bad, rec, seg, len_seen;

static void push(uint64_t id, int64_t price, int64_t qty) {
	if (!ssl) {
		if (send(bare_fd, message, message_len, MSG_NOSIGNAL) != message_len) die("send");
		return;
	}
	order(id, price, qty);
	if (SSL_write(ssl, frame, frame_len) != frame_len) die("SSL_write");
}

static void await(void) {
	int have = 0, want = ssl ? 4 : answer_len;
	while (have < want) {
		int n = ssl ? SSL_read(ssl, answer + have, sizeof answer - 1 - have) : recv(bare_fd, answer + have, want - have, 0);
		if (n <= 0) {
			if (ssl ? SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ : errno == EAGAIN) continue;
			die("answer");
		}
		have += n;
		if (ssl && have >= 4) want = (answer[1] == 126 ? 4 + (answer[2] << 8 | answer[3]) : 2 + answer[1]);
	}
	if (!ssl) {
		memcpy(&rx, answer, 8);
		return;
	}
	answer[have] = 0;
	if (number_after("\"status\":") != 200) {
		errno = 0;
		die("an order was refused");
	}
	rx = number_after("\"rx\":"), bad = number_after("\"bad\":"), rec = number_after("\"rec\":");
	seg = number_after("\"seg\":"), len_seen = number_after("\"len\":");
}

static void print_list(const char *name, int64_t *v, int n) {
	printf(",\"%s\":[", name);
	for (int i = 0; i < n; i++) printf(i ? ",%lld" : "%lld", (long long)v[i]);
	printf("]");
}

static uint64_t next_id;

static void run(int n, int warm, int64_t think, uint64_t seed) {
	int64_t *s = calloc(n + 1, 8), *w = calloc(n + 1, 8), *r = calloc(n + 1, 8), from = 0, to = 0, longest = 0;
	int met = 0;
	for (int i = 0; i < warm + n; i++) {
		int64_t start = now(), due = start + wait_of(seed, i, think), next = start + 20000, t;
		while ((t = now()) < due)
			if (shadow_fd >= 0 && t >= next) {
				from = t;
				if (send(shadow_fd, message, message_len, MSG_NOSIGNAL) < 0) die("shadow");
				while (recv(sink_fd, answer, sizeof answer, 0) == (ssize_t)sizeof answer) {}
				to = now();
				next = to + 20000;
			}
		uint64_t x = splitmix64(seed + (uint64_t)i);
		push(++next_id, 6412345 + x % 100000, 1000 + (x >> 32) % 9000);
		int64_t sent = now();
		await();
		int64_t got = now();
		if (i < warm) continue;
		s[i - warm] = sent - due, w[i - warm] = rx - due, r[i - warm] = got - due;
		if (due >= from && due < to) {
			met++;
			if (to - due > longest) longest = to - due;
		}
	}
	printf("{\"n\":%d,\"bad\":%lld,\"rec\":%lld,\"seg\":%lld,\"len\":%lld", n, (long long)bad, (long long)rec, (long long)seg, (long long)len_seen);
	print_list("send_ns", s, n);
	print_list("wire_ns", w, n);
	print_list("rtt_ns", r, n);
	printf(",\"rt_allocs\":0,\"rt_bytes\":0,\"gcs\":0,\"rehearsed\":%g,\"rehearsal_wait_max_ns\":%lld}\n", n ? (double)met / n : 0, (long long)longest);
	fflush(stdout);
	free(s), free(w), free(r);
}

int main(int argc, char **argv) {
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *a = argv[i], *v = argv[i + 1];
		if (!strcmp(a, "--impl")) impl = v;
		else if (!strcmp(a, "--host")) host = v;
		else if (!strcmp(a, "--port")) port = atoi(v);
		else if (!strcmp(a, "--raw-port")) raw_port = atoi(v);
		else if (!strcmp(a, "--ca")) ca = v;
		else if (!strcmp(a, "--key")) key = v;
		else if (!strcmp(a, "--secret")) secret = v;
		else if (!strcmp(a, "--path")) path = v;
		else if (!strcmp(a, "--cpu")) cpu = atoi(v);
		else if (!strcmp(a, "--size")) message_len = atoi(v);
	}
	if (!impl) die("--impl is missing");
	if (cpu >= 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof set, &set) < 0) die("pin");
	}
	if (!strcmp(impl, "openssl")) connect_ssl();
	else connect_bare(!strcmp(impl, "c-bare-rehearsed"));
	printf("{\"ready\":true,\"peer\":\"%s\",\"tls\":\"%s\"}\n", impl, ssl ? SSL_get_cipher_name(ssl) : "none");
	fflush(stdout);
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		int n, warm;
		long long think;
		unsigned long long seed;
		if (sscanf(line, "run %d %d %lld %llu", &n, &warm, &think, &seed) == 4 && n >= 0 && warm >= 0) run(n, warm, think, seed);
		else {
			errno = 0;
			die("no command");
		}
	}
	return 0;
}
