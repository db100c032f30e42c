package bench_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"orderwire/bench"
	"orderwire/bench/simex"
	"orderwire/orders"
)

// target is an embedded exchange for one test.
func target(t *testing.T) bench.Target {
	t.Helper()
	const key, secret = "peer-test-key", "peer-test-secret"
	ca := filepath.Join(t.TempDir(), "ca.pem")
	server, err := simex.Serve(t.Context(), simex.ServeConfig{
		CAFile: ca,
		Venue:  simex.Config{Keys: []simex.Key{{ID: key, Secret: secret}}, AckRx: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if counts := server.Counts(); counts.BadSignatures+counts.BadFrames+counts.BadJSON+counts.Unexpected != 0 {
			t.Errorf("the examiner counted %+v", counts)
		}
		_ = server.Close() // its context may have ended it
	})
	_, text, _ := strings.Cut(server.Addr(), ":")
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return bench.Target{Host: "127.0.0.1", Port: uint16(port), CAFile: ca, Path: "ws-api/v3", Key: key, Secret: orders.NewSecret([]byte(secret))}
}

func TestPeerSpeaksTheLineProtocol(t *testing.T) {
	for _, impl := range []string{"direct", "auto/cold", "auto/ahead"} {
		t.Run(impl, func(t *testing.T) {
			peer, err := bench.NewPeer(t.Context(), bench.PeerConfig{Impl: impl, Target: target(t), CPU: -1})
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			in := strings.NewReader("run 20 5 20000 7\nalloc 100\n\nrun 3 0 1000 8\n")
			if err := bench.ServePeer(t.Context(), peer, in, &out); err != nil {
				t.Error(err)
			}
			if err := peer.Close(); err != nil {
				t.Error(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if len(lines) != 4 {
				t.Fatalf("%d lines: %s", len(lines), out.String())
			}
			if want := `{"ready":true,"peer":"` + impl + `","tls":"TLS_AES_128_GCM_SHA256"}`; lines[0] != want {
				t.Errorf("%s, want %s", lines[0], want)
			}
			checkRun(t, lines[1], 20)
			checkRun(t, lines[3], 3)
			for _, name := range []string{`"send_allocs":`, `"send_bytes":`} {
				if !strings.Contains(lines[2], name) {
					t.Errorf("alloc says %s", lines[2])
				}
			}
		})
	}
}

// checkRun reads the answer to a run of n orders by its contract.
func checkRun(t *testing.T, line string, n int) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for _, name := range []string{"n", "bad", "rec", "seg", "len", "rt_allocs", "rt_bytes", "gcs", "rehearsed", "rehearsal_wait_max_ns"} {
		var v float64
		if err := json.Unmarshal(fields[name], &v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	times := map[string][]int64{}
	for _, name := range []string{"send_ns", "wire_ns", "rtt_ns"} {
		var v []int64
		if err := json.Unmarshal(fields[name], &v); err != nil || len(v) != n {
			t.Fatalf("%s: %d values, %v", name, len(v), err)
		}
		times[name] = v
	}
	for i := range n {
		if times["send_ns"][i] <= 0 || times["rtt_ns"][i] <= 0 || times["rtt_ns"][i] > int64(10*time.Second) {
			t.Errorf("order %d: send %d ns, ack %d ns", i, times["send_ns"][i], times["rtt_ns"][i])
		}
	}
}

func TestPeerSaysWhyItCannotConnect(t *testing.T) {
	far := target(t)
	far.CAFile = filepath.Join(t.TempDir(), "missing.pem")
	if _, err := bench.NewPeer(t.Context(), bench.PeerConfig{Impl: "direct", Target: far, CPU: -1}); err == nil || !strings.Contains(err.Error(), "missing.pem") {
		t.Errorf("%v", err)
	}
	far = target(t)
	far.Port = 1
	if _, err := bench.NewPeer(t.Context(), bench.PeerConfig{Impl: "direct", Target: far, CPU: -1}); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("%v", err)
	}
}
