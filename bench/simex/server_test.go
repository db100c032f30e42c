package simex_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderwire/bench/simex"
)

const (
	testKey    = "test-key"
	testSecret = "dGVzdC1zZWNyZXQ=" // base64, which some venues ask for
)

// client is a WebSocket client of the standard library alone.
type client struct {
	t    *testing.T
	conn *tls.Conn
	in   *bufio.Reader
}

func serve(t *testing.T, config simex.ServeConfig) *simex.Server {
	t.Helper()
	if config.Venue.Keys == nil {
		config.Venue.Keys = []simex.Key{{ID: testKey, Secret: testSecret}}
	}
	ctx, cancel := context.WithCancel(context.Background())
	server, err := simex.Serve(ctx, config)
	if err != nil {
		cancel()
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		_ = server.Close() // the listener may be closed by ctx already
	})
	return server
}

func dialTLS(t *testing.T, server *simex.Server, version uint16) *tls.Conn {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(server.CA()) {
		t.Fatal("the authority's PEM holds no certificate")
	}
	conn, err := tls.Dial("tcp", server.Addr(), &tls.Config{RootCAs: roots, MinVersion: version, MaxVersion: version})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the server may have closed it first
	return conn
}

func dial(t *testing.T, server *simex.Server, path string) *client {
	t.Helper()
	conn := dialTLS(t, server, tls.VersionTLS13)
	c := &client{t: t, conn: conn, in: bufio.NewReader(conn)}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path, server.Addr()); err != nil {
		t.Fatalf("upgrade: %v", err)
	}
	reply, err := http.ReadResponse(c.in, nil)
	if err != nil || reply.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", reply, err)
	}
	return c
}

func (c *client) send(first byte, payload []byte) {
	c.t.Helper()
	frame := []byte{first}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, 0x80|byte(n))
	default:
		frame = append(frame, 0x80|126, byte(n>>8), byte(n))
	}
	var mask [4]byte
	if _, err := rand.Read(mask[:]); err != nil {
		c.t.Fatal(err)
	}
	frame = append(frame, mask[:]...)
	for i, b := range payload {
		frame = append(frame, b^mask[i%4])
	}
	if _, err := c.conn.Write(frame); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

func (c *client) receive() (op byte, payload []byte) {
	c.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.in, head); err != nil {
		c.t.Fatalf("read: %v", err)
	}
	length := int(head[1])
	if length >= 126 {
		wide := make([]byte, map[int]int{126: 2, 127: 8}[length])
		if _, err := io.ReadFull(c.in, wide); err != nil {
			c.t.Fatalf("read: %v", err)
		}
		length = 0
		for _, b := range wide {
			length = length<<8 | int(b)
		}
	}
	payload = make([]byte, length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return head[0] & 0x0F, payload
}

// order is a signed Binance order, built by hand in the order of the alphabet.
func order(id string, now time.Time) string {
	payload := fmt.Sprintf("apiKey=%s&newClientOrderId=%s&newOrderRespType=ACK&price=61000.00&quantity=0.001&side=BUY&symbol=BTCUSDT&timeInForce=IOC&timestamp=%d&type=LIMIT",
		testKey, id, now.UnixMilli())
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(payload))
	var fields []string
	for pair := range strings.SplitSeq(payload+"&signature="+hex.EncodeToString(mac.Sum(nil)), "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != "timestamp" {
			value = `"` + value + `"`
		}
		fields = append(fields, `"`+name+`":`+value)
	}
	return `{"id":"` + id + `","method":"order.place","params":{` + strings.Join(fields, ",") + "}}"
}

func fetch[T any](t *testing.T, server *simex.Server, path string) T {
	t.Helper()
	conn := dialTLS(t, server, tls.VersionTLS13)
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	var value T
	if err := json.NewDecoder(reply.Body).Decode(&value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}

func TestServerTakesASignedOrderOverRealTLS(t *testing.T) {
	server := serve(t, simex.ServeConfig{Venue: simex.Config{AckRx: true}})
	c := dial(t, server, "/ws-api/v3")
	c.send(0x81, []byte(order("ow-1", time.Now())))
	op, payload := c.receive()
	var ack struct {
		ID     string
		Status int
		Result struct {
			Symbol        string
			OrderID       uint64 `json:"orderId"`
			ClientOrderID string `json:"clientOrderId"`
			Rx            int64
		}
	}
	if err := json.Unmarshal(payload, &ack); err != nil || op != 1 {
		t.Fatalf("opcode %d, %v: %s", op, err, payload)
	}
	if ack.ID != "ow-1" || ack.Status != 200 || ack.Result.Symbol != "BTCUSDT" || ack.Result.ClientOrderID != "ow-1" || ack.Result.OrderID == 0 || ack.Result.Rx == 0 {
		t.Errorf("ack is %s", payload)
	}
	counts := fetch[simex.Counts](t, server, "/counts")
	if counts.Accepted != 1 || counts.Acked != 1 || counts.Filled != 1 || counts.Bad() != 0 || counts.Service.N == 0 {
		t.Errorf("counts are %+v", counts)
	}
	orders := fetch[[]simex.OrderTruth](t, server, "/orders")
	if len(orders) != 1 || orders[0].ClientID != "ow-1" || orders[0].State != "filled" || len(orders[0].Executions) != 1 || orders[0].Executions[0].Price != "61000" {
		t.Errorf("orders are %+v", orders)
	}
}

func TestServerReportsToAnotherConnection(t *testing.T) {
	server := serve(t, simex.ServeConfig{})
	listener, trader := dial(t, server, "/ws-api/v3"), dial(t, server, "/ws-api/v3")
	now := time.Now().UnixMilli()
	mac := hmac.New(sha256.New, []byte(testSecret))
	fmt.Fprintf(mac, "apiKey=%s&timestamp=%d", testKey, now)
	listener.send(0x81, fmt.Appendf(nil, `{"id":1,"method":"userDataStream.subscribe.signature","params":{"apiKey":%q,"timestamp":%d,"signature":"%x"}}`, testKey, now, mac.Sum(nil)))
	if _, payload := listener.receive(); !strings.Contains(string(payload), `"subscriptionId":0`) {
		t.Fatalf("subscription: %s", payload)
	}
	trader.send(0x81, []byte(order("ow-1", time.Now())))
	for _, want := range []string{`"x":"NEW","X":"NEW"`, `"x":"TRADE","X":"FILLED"`} {
		if _, payload := listener.receive(); !strings.Contains(string(payload), want) || !strings.Contains(string(payload), `"c":"ow-1"`) {
			t.Errorf("report %s lacks %s", payload, want)
		}
	}
}

func TestServerSpeaksTheChosenTLSVersion(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server := serve(t, simex.ServeConfig{TLSVersion: version, Ed25519: true})
			if got := dialTLS(t, server, version).ConnectionState().Version; got != version {
				t.Errorf("version is %x, not %x", got, version)
			}
		})
	}
}

func TestServerRefusesOtherThanLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:0", ":0", "example.org:0", "nonsense"} {
		server, err := simex.Serve(context.Background(), simex.ServeConfig{Listen: address})
		if err == nil {
			t.Errorf("%q was taken: %s", address, server.Addr())
		}
	}
}

func TestServerWritesItsAuthority(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	server := serve(t, simex.ServeConfig{CAFile: file})
	text, err := os.ReadFile(file)
	if err != nil || string(text) != string(server.CA()) {
		t.Errorf("the file holds %q, %v", text, err)
	}
}

func TestServerStopsWithClientsThatDoNotRead(t *testing.T) {
	recording, err := simex.ReadRecording(strings.NewReader(strings.Repeat("1 {\"stream\":\"x\",\"data\":\""+strings.Repeat("a", 60000)+"\"}\n", 500)))
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, simex.ServeConfig{Venue: simex.Config{Market: recording}})
	dial(t, server, "/stream") // never reads: 30 MB cannot lie in socket buffers
	trader := dial(t, server, "/ws-api/v3")
	trader.send(0x81, []byte(order("ow-1", time.Now())))
	if _, payload := trader.receive(); !strings.Contains(string(payload), `"status":200`) {
		t.Errorf("order beside a stalled reader: %s", payload)
	}
	if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Errorf("close: %v", err)
	}
}

func TestReplaySendsTheRecordedFramesByteForByte(t *testing.T) {
	frames := []string{
		`{"lastUpdateId":1,"bids":[],"asks":[]}`,
		`{"stream":"btcusdt@trade","data":{"e":"trade","p":"1.00"}}`,
		`{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1.00","B":"2.0","a":"1.01","A":"3.0"}}`,
		`{"stream":"btcusdt@trade","data":{ "odd" : "spacing" }}`,
	}
	var text strings.Builder
	for i, frame := range frames {
		fmt.Fprintf(&text, "%d %s\n", 1_000_000_000+i*1000, frame)
	}
	recording, err := simex.ReadRecording(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path string
		want []string
	}{
		{"/ws", frames},
		{"/stream?streams=btcusdt@trade/other@trade", []string{frames[0], frames[1], frames[3]}},
		{"/ws/btcusdt@bookTicker", []string{frames[0], frames[2]}},
	} {
		t.Run(row.path, func(t *testing.T) {
			server := serve(t, simex.ServeConfig{Venue: simex.Config{Market: recording, Speed: 10}})
			c := dial(t, server, row.path)
			for _, want := range row.want {
				if op, payload := c.receive(); op != 1 || string(payload) != want {
					t.Errorf("frame is %q, not %q", payload, want)
				}
			}
			if op, payload := c.receive(); op != 8 || string(payload[:2]) != "\x03\xe8" {
				t.Errorf("the end is opcode %d %q, not Close 1000", op, payload)
			}
			c.send(0x88, []byte("\x03\xe8"))
			if counts := server.Counts(); counts.MarketFrames != uint64(len(row.want)) {
				t.Errorf("%d market frames were counted, not %d", counts.MarketFrames, len(row.want))
			}
		})
	}
}

func TestRecordingRefusesWhatItCannotRead(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "no stamp": "{}\n", "no frame": "123\n", "bad stamp": "12x {}\n", "bad gzip": "\x1f\x8bxx",
	} {
		if _, err := simex.ReadRecording(strings.NewReader(text)); !errors.Is(err, simex.ErrRecording) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestReplayOfTheSharedRecordingIsWhole(t *testing.T) {
	shared := os.Getenv("ORDERWIRE_SHARED")
	if shared == "" {
		t.Skip("ORDERWIRE_SHARED is not set: the recordings are elsewhere")
	}
	file, err := os.Open(filepath.Join(shared, "market-data", "binance-spot-btcusdt-20240808.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // read only
	recording, err := simex.ReadRecording(file)
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, simex.ServeConfig{Venue: simex.Config{Market: recording}})
	c := dial(t, server, "/stream?streams=btcusdt@trade")
	trades := 0
	for op := byte(1); op == 1; {
		var payload []byte
		if op, payload = c.receive(); op == 1 && strings.Contains(string(payload), `"e":"trade"`) {
			trades++
		}
	}
	if trades != 9757 || recording.Len() != 41249 {
		t.Errorf("%d trades of %d frames, not 9757 of 41249", trades, recording.Len())
	}
}
