package simex

import (
	"strings"
)

// marketSession replays the recording on one connection, at its own pace and from its own start.
type marketSession struct {
	v        *Venue
	c        *Conn
	wanted   []bool // by stream of the recording; nil for all
	names    []string
	combined bool // /stream: frames wear {"stream":...,"data":...}
	waits    bool // for a SUBSCRIBE
	running  bool
	start    int64
	at       int // next frame
	over     bool
	scratch  []byte
	skip     int                              // frames that a script leaves out
	restamp  func(dst, payload []byte) []byte // rewrites frames that carry a number of the connection's own; or nil
}

// replayChunk is how many bytes one Tick lays out at most: enough to fill TLS records, few enough to stay fair.
const replayChunk = 64 << 10

func newMarketSession(c *Conn) *marketSession { return &marketSession{v: c.v, c: c} }

// openMarket serves /ws, /ws/<stream> and /stream?streams=a/b. Without names every frame is replayed; frames go
// out as they were recorded, byte for byte, also those of no stream (the depth snapshot).
func openMarket(c *Conn, now int64, r *request, path string) (session, *reply) {
	v := c.v
	s := newMarketSession(c)
	s.combined, s.waits = path == "/stream", v.config.ReplayStart == "subscribe"
	if list, ok := r.parameter("streams"); ok && path == "/stream" {
		decoded, _ := percentDecode(list) // what cannot be decoded names no stream
		s.names = strings.Split(string(decoded), "/")
	} else if name, ok := strings.CutPrefix(path, "/ws/"); ok {
		s.names = strings.Split(name, "/")
	}
	if v.config.Limits.MarketInPerSecond > 0 {
		c.inbound = make([]int64, 0, v.config.Limits.MarketInPerSecond)
	}
	if s.names != nil {
		s.waits = false
	}
	s.choose()
	c.startPings(now, 20e9, 60e9, 24*3600e9)
	return s, nil
}

// choose marks which streams of the recording are wanted; frames without a stream always are.
func (s *marketSession) choose() {
	s.wanted = nil
	if s.names == nil || s.v.config.Market == nil {
		return
	}
	for _, known := range s.v.config.Market.streams {
		wanted := known == ""
		for _, name := range s.names {
			wanted = wanted || name == known
		}
		s.wanted = append(s.wanted, wanted)
	}
}

func (s *marketSession) ready() bool {
	if s.over || s.v.config.Market == nil || s.waits {
		return false
	}
	return s.v.config.ReplayStart != "go" || s.v.started.Load()
}

// next is when the next frame is due: at once when the speed is "as fast as the client reads".
func (s *marketSession) next() int64 {
	switch {
	case !s.ready():
		return never
	case !s.running || s.v.config.Speed == 0:
		return 0
	case s.at < len(s.v.config.Market.frames):
		return s.due(s.at)
	}
	return 0
}

func (s *marketSession) due(at int) int64 {
	return s.start + int64(float64(s.v.config.Market.frames[at].at)/s.v.config.Speed)
}

// tick lays out the frames that are due, as long as the client keeps up.
func (s *marketSession) tick(now int64) {
	if !s.ready() {
		return
	}
	if !s.running {
		s.running, s.start = true, now
	}
	from := s.at
	if s.restamp != nil {
		s.v.mu.Lock() // the numbers are shared with reports, which are made under this lock
	}
	s.c.outMu.Lock()
	s.lay(now)
	s.c.outMu.Unlock()
	if s.restamp != nil {
		s.v.mu.Unlock()
	}
	s.quotes(now, from)
	if s.at == len(s.v.config.Market.frames) {
		s.over = true
		if !s.v.config.ReplayHold {
			s.c.closeWith(now, 1000, "end of the recording")
		}
	}
}

// lay copies due frames to the outbox, whose lock is held.
func (s *marketSession) lay(now int64) {
	market := s.v.config.Market
	for s.at < len(market.frames) && len(s.c.out) < replayChunk && !s.c.ended {
		if s.v.config.Speed > 0 && s.due(s.at) > now {
			return
		}
		f := &market.frames[s.at]
		switch {
		case s.c.silent || s.wanted != nil && !s.wanted[f.stream]:
		case s.skip > 0:
			s.skip--
		default:
			if s.restamp == nil {
				s.c.out = append(s.c.out, market.wire[f.from:f.to]...)
			} else {
				s.scratch = s.restamp(s.scratch[:0], payloadOf(market.wire[f.from:f.to]))
				s.c.out = appendFrame(s.c.out, opText, s.scratch)
			}
			s.v.tally.add(cMarketFrames)
		}
		s.at++
	}
}

// quotes hands the last replayed quotes to the engine: one a symbol where nothing rests on them, else all.
func (s *marketSession) quotes(now int64, from int) {
	market := s.v.config.Market
	s.v.mu.Lock()
	defer s.v.mu.Unlock()
	s.v.replayed = max(s.v.replayed, s.at)
	for ; from < s.at; from++ {
		if index := market.frames[from].quote; index >= 0 {
			q := &market.quotes[index]
			if ins := s.v.instrument([]byte(q.symbol)); ins != nil {
				s.v.setQuote(now, ins, q.quote)
			}
		}
	}
}

// message answers SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS.
//
// Source: web-socket-streams.md, Live subscribing/unsubscribing to streams.
func (s *marketSession) message(now int64, text []byte) {
	doc := &s.c.doc
	if doc.parse(text) != nil || doc.kind(0) != jsonObject {
		s.v.tally.add(cBadJSON)
		s.c.send(now, now, []byte(`{"error":{"code":2,"msg":"Invalid request"},"id":null}`))
		return
	}
	id := []byte("null")
	if at := doc.find(0, "id"); at >= 0 {
		id = doc.raw(at)
		if doc.kind(at) == jsonString {
			id = appendQuoted(nil, doc.str(at))
		}
	}
	method := []byte(nil)
	if at := doc.find(0, "method"); doc.kind(at) == jsonString {
		method = doc.str(at)
	}
	result := "null"
	switch string(method) {
	case "SUBSCRIBE":
		s.rename(doc.find(0, "params"), true)
		s.waits = false
	case "UNSUBSCRIBE":
		s.rename(doc.find(0, "params"), false)
	case "LIST_SUBSCRIPTIONS":
		result = string(appendNames(nil, s.names))
	default:
		s.v.tally.add(cUnexpected)
		s.c.send(now, now, []byte(`{"error":{"code":2,"msg":"Invalid request: unknown method"},"id":`+string(id)+"}"))
		return
	}
	s.c.send(now, now, []byte(`{"result":`+result+`,"id":`+string(id)+"}"))
}

func appendNames(dst []byte, names []string) []byte {
	dst = append(dst, '[')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, []byte(name))
	}
	return append(dst, ']')
}

// rename adds or drops the names of a params array. A connection that already gets everything stays so.
func (s *marketSession) rename(params int, add bool) {
	doc := &s.c.doc
	if doc.kind(params) != jsonArray || s.names == nil && !s.waits {
		return
	}
	var names []string
	for i := params + 1; i < int(doc.nodes[params].next); i = int(doc.nodes[i].next) {
		names = append(names, string(doc.str(i)))
	}
	s.follow(names, add)
}

// follow adds or drops streams; from the first call on only those named are sent.
func (s *marketSession) follow(names []string, add bool) {
	for _, name := range names {
		kept := s.names[:0:0]
		for _, known := range s.names {
			if known != name {
				kept = append(kept, known)
			}
		}
		if add {
			kept = append(kept, name)
		}
		s.names = kept
	}
	if s.names == nil {
		s.names = []string{}
	}
	s.choose()
}
