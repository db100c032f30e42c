package http1_test

import "strings"

// responseCase is one thing that a server may answer, and what must be made of it.
type responseCase struct {
	name   string
	rfc    string
	method string // "" is GET
	in     string
	want   []answer // the responses, in order; each but the last is followed by another Expect of the same method
	rule   string   // words of the error, from Next or from End; "" where none may come
	early  bool     // the error is End's: the stream ended too early
}

// answer is a response as a value.
type answer struct {
	status int
	body   string
	close  bool
}

const ok = "HTTP/1.1 200 OK\r\n"

func soundCases() []responseCase {
	return []responseCase{
		{name: "fixed body", rfc: "RFC 9112 §6.2", in: ok + "Content-Length: 5\r\n\r\nhello", want: []answer{{200, "hello", false}}},
		{name: "empty body", rfc: "RFC 9112 §6.2", in: ok + "Content-Length: 0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "same length twice", rfc: "RFC 9112 §6.3 item 5", in: ok + "Content-Length: 2\r\ncontent-length: 2\r\n\r\nab", want: []answer{{200, "ab", false}}},
		{name: "length with zeros before", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: 0002\r\n\r\nab", want: []answer{{200, "ab", false}}},
		{name: "length between blanks", rfc: "RFC 9112 §5", in: ok + "Content-Length: \t 2 \t\r\n\r\nab", want: []answer{{200, "ab", false}}},
		{name: "no reason", rfc: "RFC 9112 §4", in: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "no blank behind the status", rfc: "RFC 9112 §4", in: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", want: []answer{{200, "", false}}},
		{
			name: "two responses", rfc: "RFC 9112 §9.3",
			in:   ok + "Content-Length: 1\r\n\r\na" + "HTTP/1.1 429 x\r\nContent-Length: 1\r\n\r\nb",
			want: []answer{{200, "a", false}, {429, "b", false}},
		},
		{name: "204", rfc: "RFC 9112 §6.3 item 1", in: "HTTP/1.1 204 x\r\n\r\n", want: []answer{{204, "", false}}},
		{name: "204 with length 0", rfc: "RFC 9112 §6.3 item 1", in: "HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n", want: []answer{{204, "", false}}},
		{name: "304 with length", rfc: "RFC 9112 §6.3 item 1", in: "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", want: []answer{{304, "", false}}},
		{name: "HEAD with length", rfc: "RFC 9112 §6.3 item 1", method: "HEAD", in: ok + "Content-Length: 9\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "HEAD with coding", rfc: "RFC 9112 §6.3 item 1", method: "HEAD", in: ok + "Transfer-Encoding: chunked\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "HEAD without length", rfc: "RFC 9112 §6.3 item 1", method: "HEAD", in: ok + "\r\n", want: []answer{{200, "", false}}},
		{
			name: "interim responses", rfc: "RFC 9110 §15.2",
			in:   "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na",
			want: []answer{{200, "a", false}},
		},
		{name: "close", rfc: "RFC 9112 §9.3", in: ok + "Connection: close\r\nContent-Length: 1\r\n\r\na", want: []answer{{200, "a", true}}},
		{name: "close in a list", rfc: "RFC 9110 §7.6.1", in: ok + "Connection: x, ,\tClose ,y\r\nContent-Length: 1\r\n\r\na", want: []answer{{200, "a", true}}},
		{name: "close in a second line", rfc: "RFC 9110 §5.3", in: ok + "Connection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", want: []answer{{200, "", true}}},
		{name: "no close", rfc: "RFC 9110 §7.6.1", in: ok + "Connection: keep-alive, closed\r\nContent-Length: 0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "bytes behind close", rfc: "RFC 9112 §9.6", in: ok + "Connection: close\r\nContent-Length: 1\r\n\r\na\x00\xff more", want: []answer{{200, "a", true}}},
		{name: "HTTP/1.0", rfc: "RFC 9112 §9.3", in: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", want: []answer{{200, "a", true}}},
		{name: "HTTP/1.0 keep-alive is not used", rfc: "RFC 9112 §9.3", in: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", want: []answer{{200, "a", true}}},
		{name: "body until the end", rfc: "RFC 9112 §6.3 item 8", in: ok + "\r\nall of it", want: []answer{{200, "all of it", true}}},
		{name: "empty body until the end", rfc: "RFC 9112 §6.3 item 8", in: ok + "\r\n", want: []answer{{200, "", true}}},
		{name: "identity coding", rfc: "RFC 9110 §8.4", in: ok + "Content-Encoding: identity\r\nContent-Length: 0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "head at its limit", rfc: "ours", in: headOf(1000), want: []answer{{200, "", false}}},
		{name: "body at its limit", rfc: "ours", in: ok + "Content-Length: 2000\r\n\r\n" + strings.Repeat("x", 2000), want: []answer{{200, strings.Repeat("x", 2000), false}}},
		{name: "nothing at all", rfc: "RFC 9112 §9.5", in: "", rule: "before the response", early: true},
	}
}

// headOf is a response without body whose head has exactly that size.
func headOf(size int) string {
	const frame = ok + "Content-Length: 0\r\nX: \r\n\r\n"
	return ok + "Content-Length: 0\r\nX: " + strings.Repeat("x", size-len(frame)) + "\r\n\r\n"
}

const chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"

func chunkedCases() []responseCase {
	return []responseCase{
		{name: "chunks", rfc: "RFC 9112 §7.1", in: chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", want: []answer{{200, "hello world", false}}},
		{name: "no chunk", rfc: "RFC 9112 §7.1", in: chunked + "0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "hexadecimal sizes", rfc: "RFC 9112 §7.1", in: chunked + "0A\r\n0123456789\r\n00b\r\n0123456789a\r\n000\r\n\r\n", want: []answer{{200, "01234567890123456789a", false}}},
		{name: "CR LF within data", rfc: "RFC 9112 §7.1", in: chunked + "4\r\n\r\n\r\n\r\n0\r\n\r\n", want: []answer{{200, "\r\n\r\n", false}}},
		{name: "extensions", rfc: "RFC 9112 §7.1.1", in: chunked + "1;a=b;c=\"d\"\r\nx\r\n1; q\r\ny\r\n0;z\r\n\r\n", want: []answer{{200, "xy", false}}},
		{name: "trailer", rfc: "RFC 9112 §7.1.2", in: chunked + "1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", want: []answer{{200, "x", false}}},
		{name: "coding in other letters", rfc: "RFC 9112 §7", in: ok + "TRANSFER-ENCODING:\tChunked \r\n\r\n0\r\n\r\n", want: []answer{{200, "", false}}},
		{name: "close", rfc: "RFC 9112 §9.3", in: ok + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", want: []answer{{200, "", true}}},
		{
			name: "then another", rfc: "RFC 9112 §9.3", in: chunked + "1\r\nx\r\n0\r\n\r\n" + ok + "Content-Length: 1\r\n\r\ny",
			want: []answer{{200, "x", false}, {200, "y", false}},
		},
		{name: "no size", rfc: "RFC 9112 §7.1", in: chunked + "\r\n", rule: "hexadecimal"},
		{name: "no digits", rfc: "RFC 9112 §7.1", in: chunked + "x\r\n", rule: "hexadecimal"},
		{name: "prefix 0x", rfc: "RFC 9112 §7.1", in: chunked + "0x1\r\nx\r\n", rule: "hexadecimal"},
		{name: "sign", rfc: "RFC 9112 §7.1", in: chunked + "+1\r\nx\r\n", rule: "hexadecimal"},
		{name: "minus", rfc: "RFC 9112 §7.1", in: chunked + "-1\r\nx\r\n", rule: "hexadecimal"},
		{name: "blank before", rfc: "RFC 9112 §7.1", in: chunked + " 1\r\nx\r\n", rule: "hexadecimal"},
		{name: "blank behind", rfc: "RFC 9112 §7.1", in: chunked + "1 \r\nx\r\n", rule: "hexadecimal"},
		{name: "blank before an extension", rfc: "RFC 9112 §7.1.1, strictly", in: chunked + "1 ;a\r\nx\r\n", rule: "hexadecimal"},
		{name: "underscore", rfc: "RFC 9112 §7.1", in: chunked + "1_0\r\nx\r\n", rule: "hexadecimal"},
		{name: "size beyond any integer", rfc: "RFC 9112 §7.1", in: chunked + "1" + strings.Repeat("0", 16) + "1\r\nx", rule: "body over 2000"},
		{name: "size over the limit", rfc: "ours", in: chunked + "7d1\r\n", rule: "body over 2000"},
		{name: "sum over the limit", rfc: "ours", in: chunked + "7d0\r\n" + strings.Repeat("x", 2000) + "\r\n1\r\n", rule: "body over 2000"},
		{name: "sum at the limit", rfc: "ours", in: chunked + "7d0\r\n" + strings.Repeat("x", 2000) + "\r\n0\r\n\r\n", want: []answer{{200, strings.Repeat("x", 2000), false}}},
		{name: "bare LF behind the size", rfc: "RFC 9112 §7.1", in: chunked + "1\nx\r\n0\r\n\r\n", rule: "CR LF"},
		{name: "bare LF in an extension", rfc: "RFC 9112 §7.1.1", in: chunked + "1;a\nx\r\n0\r\n\r\n", rule: "CR LF"},
		{name: "bare CR in an extension", rfc: "RFC 9112 §7.1.1", in: chunked + "1;a\rb\r\nx\r\n0\r\n\r\n", rule: "chunk extension"},
		{name: "NUL in an extension", rfc: "RFC 9112 §7.1.1", in: chunked + "1;a\x00\r\nx\r\n0\r\n\r\n", rule: "chunk extension"},
		{name: "data too long", rfc: "RFC 9112 §7.1", in: chunked + "1\r\nxy\r\n0\r\n\r\n", rule: "chunk data"},
		{name: "data too short", rfc: "RFC 9112 §7.1", in: chunked + "3\r\nxy\r\n0\r\n\r\n", rule: "CR LF"},
		{name: "bare LF behind data", rfc: "RFC 9112 §7.1", in: chunked + "1\r\nx\n0\r\n\r\n", rule: "CR LF"},
		{name: "endless chunk line", rfc: "ours", in: chunked + "1;" + strings.Repeat("a", 300), rule: "chunk line over 256"},
		{name: "endless zeros", rfc: "ours", in: chunked + strings.Repeat("0", 300), rule: "chunk line over 256"},
		{name: "extensions over the limit", rfc: "ours", in: chunked + strings.Repeat("1;"+strings.Repeat("a", 99)+"\r\nx\r\n", 6), rule: "chunk extensions over 500"},
		{name: "trailer over the limit", rfc: "ours", in: chunked + "0\r\n" + strings.Repeat("X: y\r\n", 200), rule: "trailer over 1000"},
		{name: "trailer that frames", rfc: "RFC 9110 §6.5.1", in: chunked + "0\r\nContent-Length: 1\r\n\r\n", rule: "trailer line"},
		{name: "trailer that codes", rfc: "RFC 9110 §6.5.1", in: chunked + "0\r\ntransfer-encoding: x\r\n\r\n", rule: "trailer line"},
		{name: "folded trailer", rfc: "RFC 9112 §5.2", in: chunked + "0\r\nX: y\r\n z\r\n\r\n", rule: "folded"},
		{name: "trailer without colon", rfc: "RFC 9112 §5.1", in: chunked + "0\r\nX\r\n\r\n", rule: "colon"},
		{name: "end in a chunk", rfc: "RFC 9112 §8", in: chunked + "5\r\nhel", rule: "inside a response's body", early: true},
		{name: "end behind a chunk", rfc: "RFC 9112 §8", in: chunked + "5\r\nhello", rule: "inside a response's body", early: true},
		{name: "end before the last chunk", rfc: "RFC 9112 §8", in: chunked + "5\r\nhello\r\n", rule: "inside a response's body", early: true},
		{name: "end before the last line", rfc: "RFC 9112 §8", in: chunked + "0\r\n", rule: "inside a response's body", early: true},
	}
}

func brokenCases() []responseCase {
	const length = "Content-Length: 1\r\n"
	return []responseCase{
		{name: "both lengths", rfc: "RFC 9112 §6.3 item 3", in: ok + length + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", rule: "beside"},
		{name: "both lengths, other order", rfc: "RFC 9112 §6.3 item 3", in: ok + "Transfer-Encoding: chunked\r\n" + length + "\r\n0\r\n\r\n", rule: "beside"},
		{name: "both lengths on HEAD", rfc: "RFC 9112 §6.3 item 3", method: "HEAD", in: ok + length + "Transfer-Encoding: chunked\r\n\r\n", rule: "beside"},
		{name: "lengths that differ", rfc: "RFC 9112 §6.3 item 5", in: ok + length + "Content-Length: 2\r\n\r\nab", rule: "differ"},
		{name: "length list", rfc: "RFC 9112 §6.3 item 5", in: ok + "Content-Length: 1, 1\r\n\r\na", rule: "plain number"},
		{name: "length with a sign", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: +1\r\n\r\na", rule: "plain number"},
		{name: "negative length", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: -1\r\n\r\na", rule: "plain number"},
		{name: "empty length", rfc: "RFC 9110 §8.6", in: ok + "Content-Length:\r\n\r\na", rule: "plain number"},
		{name: "length in hexadecimal", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: 0x1\r\n\r\na", rule: "plain number"},
		{name: "length with a blank within", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: 1 0\r\n\r\na", rule: "plain number"},
		{name: "length beyond any integer", rfc: "RFC 9110 §8.6", in: ok + "Content-Length: 18446744073709551617\r\n\r\na", rule: "plain number"},
		{name: "length over the limit", rfc: "ours", in: ok + "Content-Length: 2001\r\n\r\n", rule: "body over 2000"},
		{name: "endless body until the end", rfc: "ours", in: ok + "\r\n" + strings.Repeat("x", 2001), rule: "body over 2000"},
		{name: "coding gzip", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: gzip\r\n\r\n", rule: "other than chunked"},
		{name: "coding list", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", rule: "other than chunked"},
		{name: "coding twice", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", rule: "other than chunked"},
		{name: "coding twice in a list", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: chunked, chunked\r\n\r\n", rule: "other than chunked"},
		{name: "coding identity", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: identity\r\n\r\n", rule: "other than chunked"},
		{name: "coding with a parameter", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: chunked;a=b\r\n\r\n", rule: "other than chunked"},
		{name: "coding with a vertical tab", rfc: "RFC 9110 §5.5", in: ok + "Transfer-Encoding: \x0bchunked\r\n\r\n", rule: "control character"},
		{name: "coding with letters beyond ASCII", rfc: "RFC 9112 §6.1", in: ok + "Transfer-Encoding: chun\u212aed\r\n\r\n", rule: "other than chunked"},
		{name: "coding in HTTP/1.0", rfc: "RFC 9112 §6.1", in: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", rule: "HTTP/1.0"},
		{name: "body coded", rfc: "RFC 9110 §8.4", in: ok + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", rule: "Content-Encoding"},
		{name: "101", rfc: "RFC 9110 §15.2.2", in: "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", rule: "101"},
		{name: "interim with a length", rfc: "RFC 9110 §8.6", in: "HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\na", rule: "none may be"},
		{name: "interim with a coding", rfc: "RFC 9112 §6.1", in: "HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n", rule: "none may be"},
		{name: "204 with a body", rfc: "RFC 9110 §8.6", in: "HTTP/1.1 204 x\r\nContent-Length: 1\r\n\r\na", rule: "none may be"},
		{name: "204 with a coding", rfc: "RFC 9112 §6.1", in: "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n", rule: "none may be"},
		{name: "endless interim responses", rfc: "ours", in: strings.Repeat("HTTP/1.1 103 x\r\n\r\n", 9), rule: "interim responses over 8"},
		{name: "HTTP/2", rfc: "RFC 9112 §2.3", in: "HTTP/2.0 200 OK\r\n\r\n", rule: "status line"},
		{name: "HTTP/1.2", rfc: "RFC 9112 §2.3", in: "HTTP/1.2 200 OK\r\n\r\n", rule: "status line"},
		{name: "small letters", rfc: "RFC 9112 §2.3", in: "http/1.1 200 OK\r\n\r\n", rule: "status line"},
		{name: "two blanks", rfc: "RFC 9112 §4", in: "HTTP/1.1  200 OK\r\n\r\n", rule: "status line"},
		{name: "four digits", rfc: "RFC 9112 §4", in: "HTTP/1.1 2000 OK\r\n\r\n", rule: "status line"},
		{name: "two digits", rfc: "RFC 9112 §4", in: "HTTP/1.1 20 OK\r\n\r\n", rule: "status line"},
		{name: "signed status", rfc: "RFC 9112 §4", in: "HTTP/1.1 +20 OK\r\n\r\n", rule: "status line"},
		{name: "status 099", rfc: "RFC 9110 §15", in: "HTTP/1.1 099 OK\r\n\r\n", rule: "status line"},
		{name: "NUL in the reason", rfc: "RFC 9112 §4", in: "HTTP/1.1 200 O\x00K\r\n\r\n", rule: "status line"},
		{name: "empty line first", rfc: "RFC 9112 §4", in: "\r\n" + ok + length + "\r\na", rule: "status line"},
		{name: "no HTTP", rfc: "RFC 9112 §4", in: "{\"error\":1}\r\n", rule: "status line"},
		{name: "bare LF", rfc: "RFC 9112 §2.2, strictly", in: "HTTP/1.1 200 OK\nContent-Length: 0\n\n", rule: "CR LF"},
		{name: "bare LF as blank line", rfc: "RFC 9112 §2.2, strictly", in: ok + length + "\na", rule: "CR LF"},
		{name: "bare CR", rfc: "RFC 9112 §2.2", in: ok + "X: a\rContent-Length: 1\r\n\r\n", rule: "control character"},
		{name: "folded line", rfc: "RFC 9112 §5.2", in: ok + "X: a\r\n b\r\n\r\n", rule: "folded"},
		{name: "folded with a tab", rfc: "RFC 9112 §5.2", in: ok + "X: a\r\n\tb\r\n\r\n", rule: "folded"},
		{name: "folded first line", rfc: "RFC 9112 §2.2", in: ok + " X: a\r\n\r\n", rule: "folded"},
		{name: "blank before the colon", rfc: "RFC 9112 §5.1", in: ok + "Content-Length : 1\r\n\r\na", rule: "colon"},
		{name: "tab before the colon", rfc: "RFC 9112 §5.1", in: ok + "Transfer-Encoding\t: chunked\r\n\r\n", rule: "colon"},
		{name: "no colon", rfc: "RFC 9112 §5.1", in: ok + "Nothing\r\n\r\n", rule: "colon"},
		{name: "empty name", rfc: "RFC 9112 §5.1", in: ok + ": a\r\n\r\n", rule: "colon"},
		{name: "NUL in a name", rfc: "RFC 9110 §5.1", in: ok + "Content\x00-Length: 1\r\n\r\n", rule: "colon"},
		{name: "NUL in a value", rfc: "RFC 9110 §5.5", in: ok + "X: a\x00\r\n\r\n", rule: "control character"},
		{name: "head over the limit", rfc: "ours", in: headOf(1001), rule: "head over 1000"},
		{name: "endless line", rfc: "ours", in: strings.Repeat("x", 1001), rule: "head over 1000"},
		{name: "endless lines", rfc: "ours", in: ok + strings.Repeat("X: y\r\n", 300), rule: "head over 1000"},
		{name: "a third response", rfc: "RFC 9112 §9.2: out of step", in: ok + "Content-Length: 0\r\n\r\nHTTP/1.1 408 x\r\n\r\n", rule: "nobody asked", want: []answer{{200, "", false}}},
		{name: "body longer than told", rfc: "RFC 9112 §6.3", in: ok + length + "\r\nab", rule: "nobody asked", want: []answer{{200, "a", false}}},
		{name: "end in the status line", rfc: "RFC 9112 §8", in: "HTTP/1.1 20", rule: "inside a response's head", early: true},
		{name: "end in the head", rfc: "RFC 9112 §8", in: ok + "Content-Le", rule: "inside a response's head", early: true},
		{name: "end before the blank line", rfc: "RFC 9112 §8", in: ok + length, rule: "inside a response's head", early: true},
		{name: "end behind an interim response", rfc: "RFC 9112 §8", in: "HTTP/1.1 100 x\r\n\r\n", rule: "inside a response's head", early: true},
		{name: "end in the body", rfc: "RFC 9112 §8", in: ok + "Content-Length: 5\r\n\r\nhel", rule: "inside a response's body", early: true},
	}
}
