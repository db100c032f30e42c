package record_test

import (
	"testing"

	"orderwire/tlsio/record"
)

// plainAllocs is what the cipher of the libraries costs by itself: nothing, but for the portable ChaCha20-Poly1305.
func plainAllocs(tb testing.TB, suite record.Suite) float64 {
	tb.Helper()
	aead := referenceAEAD(tb, suite, make([]byte, suite.KeyLen()))
	buf, nonce := make([]byte, 400), make([]byte, 12)
	return testing.AllocsPerRun(100, func() {
		sealed := aead.Seal(buf[:0], nonce, buf[:300], nonce)
		if _, err := aead.Open(buf[:0], nonce, sealed, nonce); err != nil {
			tb.Fatal(err)
		}
	})
}

func TestAllocs(t *testing.T) {
	forEachSuite(t, func(t *testing.T, suite record.Suite) {
		library := plainAllocs(t, suite)
		if gcm := suite != record.ChaCha20Poly1305 && suite != record.ECDHERSAChaCha20Poly1305 && suite != record.ECDHEECDSAChaCha20Poly1305; gcm && library != 0 {
			t.Fatalf("AES-GCM of the library allocates %v times", library)
		}
		client, server := pair(t, suite)
		buf := make([]byte, 1024)
		alerts := make([]byte, 0, 256)
		if n := testing.AllocsPerRun(200, func() {
			from, to := client.SealInPlace(buf, record.MaxHead, 300)
			if _, used, err := server.Next(buf[from : to-1]); used != 0 || err != nil {
				t.Fatalf("part of a record: used %d, %v", used, err)
			}
			ev, used, err := server.Next(buf[from:to])
			if err != nil || used != to-from || len(ev.Data) != 300 {
				t.Fatalf("%v, used %d, %v", ev.Kind, used, err)
			}
		}); n > library {
			t.Fatalf("seal and open allocate %v times, the cipher alone %v", n, library)
		}
		if n := testing.AllocsPerRun(100, func() { alerts = client.AppendAlert(alerts[:0], record.AlertUserCanceled) }); n > library {
			t.Fatalf("a control record allocates %v times", n)
		}
	})
	t.Run("tickets", func(t *testing.T) {
		client, server := pair(t, record.AES128GCM)
		buf := make([]byte, 1024)
		records := make([][]byte, 0, 256)
		for range 202 {
			records = append(records, server.SealRaw(record.TypeHandshake, goodTicket, 0), server.SealRaw(record.TypeApplicationData, buf[:1], 0))
		}
		next := 0
		if n := testing.AllocsPerRun(200, func() {
			for range 2 {
				if _, _, err := client.Next(records[next]); err != nil {
					t.Fatal(err)
				}
				next++
			}
		}); n != 0 {
			t.Fatalf("a ticket allocates %v times", n)
		}
	})
}
