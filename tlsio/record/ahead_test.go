package record_test

import (
	"bytes"
	"testing"

	"orderwire/tlsio/record"
)

// twins are two links with the same keys: one on the best kernel, one on the standard library, which has nothing ready ever.
func twins(tb testing.TB, suite record.Suite) (fast, plain *record.Link) {
	tb.Helper()
	write, read := randomKeys(tb, suite), randomKeys(tb, suite)
	links := [2]*record.Link{}
	for i, tier := range []record.Tier{record.TierAuto, record.TierGeneric} {
		write.Tier, read.Tier = tier, tier
		link, err := record.NewLink(write, read)
		if err != nil {
			tb.Fatal(err)
		}
		links[i] = link
	}
	return links[0], links[1]
}

// eachOursSuite runs a test for every suite that a kernel of ours serves here.
func eachOursSuite(t *testing.T, run func(t *testing.T, suite record.Suite)) {
	t.Helper()
	var served []record.Suite
	for _, suite := range allSuites() {
		fast, _ := twins(t, suite)
		if _, ours := fast.SealerGCM(); ours {
			served = append(served, suite)
		}
	}
	if len(served) == 0 {
		t.Skip("this CPU or build has no kernel of AES-GCM, so no keystream ahead")
	}
	for _, suite := range served {
		t.Run(suite.String(), func(t *testing.T) { run(t, suite) })
	}
}

// countAhead counts records whose keystream was made ahead.
func countAhead(used *int) func(key, nonce, sealed []byte, ahead bool) {
	return func(_, _, _ []byte, ahead bool) {
		if ahead {
			*used++
		}
	}
}

func sameRecord(tb testing.TB, what string, fast, plain *record.Link, text []byte) {
	tb.Helper()
	if got, want := sealText(fast, text), sealText(plain, text); !bytes.Equal(got, want) {
		tb.Fatalf("%s, %d bytes: %x, want %x", what, len(text), got, want)
	}
}

func isZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// TestPrepareNext: on keystream made ahead each length gives the very bytes that the standard library gives, and not a byte of
// the keystream is left.
func TestPrepareNext(t *testing.T) {
	eachOursSuite(t, func(t *testing.T, suite record.Suite) {
		used := 0
		defer record.WatchGCM(countAhead(&used))()
		fast, plain := twins(t, suite)
		kernel, _ := fast.SealerGCM()
		text := make([]byte, record.MaxAhead)
		newSource(5).fill(text)
		for n := 1; n <= record.MaxAhead; n++ {
			for range 2 { // an idle loop asks again and again
				if !fast.PrepareNext(n) {
					t.Fatalf("%d bytes: not ready", n)
				}
			}
			if isZero(kernel.Stream()) {
				t.Fatalf("%d bytes: ready, and no keystream", n)
			}
			sameRecord(t, "ahead", fast, plain, text[:n])
			if used != n {
				t.Fatalf("%d bytes: keystream was used %d times", n, used)
			}
			if !isZero(kernel.Stream()) {
				t.Fatalf("%d bytes: keystream is left", n)
			}
			if n%5 == 0 { // and one that nothing was prepared for
				sameRecord(t, "behind it", fast, plain, text[:n])
			}
		}
	})
}

// TestPreparedDies: whatever leaves kills what was prepared, and what follows is right.
func TestPreparedDies(t *testing.T) {
	text := bytes.Repeat([]byte("order "), 100)
	update := func(t *testing.T, l *record.Link) []byte {
		t.Helper()
		rec, err := l.AppendKeyUpdate(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	rows := []struct {
		name string
		n    int
		tls  record.Version
		last bool
		send func(t *testing.T, l *record.Link) []byte
	}{
		{"shorter", 300, 0, false, func(_ *testing.T, l *record.Link) []byte { return sealText(l, text[:299]) }},
		{"longer", 300, 0, false, func(_ *testing.T, l *record.Link) []byte { return sealText(l, text[:301]) }},
		{"pong", 300, 0, false, func(_ *testing.T, l *record.Link) []byte { return sealText(l, text[:6]) }},
		{"alert", 300, 0, false, func(_ *testing.T, l *record.Link) []byte { return l.AppendAlert(nil, record.AlertUserCanceled) }},
		{"alert of the same length", 2, 0, false, func(_ *testing.T, l *record.Link) []byte {
			return l.AppendAlert(nil, record.AlertUserCanceled)
		}},
		{"close", 300, 0, true, func(_ *testing.T, l *record.Link) []byte { return l.AppendAlert(nil, record.AlertCloseNotify) }},
		{"KeyUpdate", 300, record.TLS13, false, update},
		{"KeyUpdate of the same length", 5, record.TLS13, false, update},
	}
	eachOursSuite(t, func(t *testing.T, suite record.Suite) {
		for _, row := range rows {
			if row.tls != 0 && row.tls != versionOf(suite) {
				continue
			}
			used := 0
			undo := record.WatchGCM(countAhead(&used))
			fast, plain := twins(t, suite)
			kernel, _ := fast.SealerGCM()
			if !fast.PrepareNext(row.n) {
				t.Fatalf("%s: not ready", row.name)
			}
			if got, want := row.send(t, fast), row.send(t, plain); !bytes.Equal(got, want) {
				t.Fatalf("%s: %x, want %x", row.name, got, want)
			}
			if used != 0 || !isZero(kernel.Stream()) {
				t.Fatalf("%s: keystream was used %d times, or survived", row.name, used)
			}
			if !row.last {
				sameRecord(t, row.name, fast, plain, text[:row.n])
			}
			undo()
		}
	})
}

// TestPrepareNextRefused: where nothing can be made, nothing is, and records are sealed as ever.
func TestPrepareNextRefused(t *testing.T) {
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		fast, plain := twins(t, suite)
		for _, n := range []int{-1, 0, record.MaxAhead + 1, record.MaxPlaintext} {
			if fast.PrepareNext(n) {
				t.Fatalf("%d bytes are ready", n)
			}
		}
		if plain.PrepareNext(100) {
			t.Fatal("the standard library has no keystream ahead")
		}
		sameRecord(t, "after refusals", fast, plain, []byte("order"))
		fast.AppendAlert(nil, record.AlertCloseNotify)
		if fast.PrepareNext(100) {
			t.Fatal("ready after close_notify")
		}
		fast.Wipe()
		if fast.PrepareNext(100) {
			t.Fatal("ready after Wipe")
		}
	})
}

// TestMaterialIsWiped: the end of a key is the end of everything made from it, on a KeyUpdate and on Wipe, in both directions.
func TestMaterialIsWiped(t *testing.T) {
	eachOursSuite(t, func(t *testing.T, suite record.Suite) {
		client, server := pair(t, suite)
		write, _ := client.SealerGCM()
		read, _ := server.OpenerGCM()
		client.PrepareNext(300)
		if write.Empty() || read.Empty() {
			t.Fatal("a live key is empty")
		}
		if versionOf(suite) == record.TLS13 {
			rec, err := client.AppendKeyUpdate(nil, false)
			if err != nil {
				t.Fatal(err)
			}
			if ev, _, err := server.Next(rec); err != nil || ev.Kind != record.EventKeyUpdate {
				t.Fatal(ev.Kind, err)
			}
			if !write.Empty() || !read.Empty() {
				t.Fatal("the old key survived a KeyUpdate")
			}
			write, _ = client.SealerGCM()
			read, _ = server.OpenerGCM()
			client.PrepareNext(300)
		}
		client.Wipe()
		server.Wipe()
		if !write.Empty() || !read.Empty() {
			t.Fatal("the key survived Wipe")
		}
	})
}

func TestPrepareNextAllocs(t *testing.T) {
	eachOursSuite(t, func(t *testing.T, suite record.Suite) {
		client, _ := pair(t, suite)
		buf := make([]byte, 1024)
		if n := testing.AllocsPerRun(200, func() {
			if !client.PrepareNext(300) || !client.PrepareNext(320) {
				t.Fatal("not ready")
			}
			client.SealInPlace(buf, record.MaxHead, 320)
		}); n != 0 {
			t.Fatalf("keystream ahead allocates %v times", n)
		}
	})
}
