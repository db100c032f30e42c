package record_test

import (
	"bytes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"orderwire/tlsio/record"
)

// eachRow runs a test on every row of the kernel table, the standard library's too.
func eachRow(t *testing.T, run func(t *testing.T, ours bool, build func(key []byte) cipher.AEAD)) {
	t.Helper()
	ours := map[string]bool{}
	record.GCMRows(func(name, _ string, _ func([]byte) (record.GCM, error)) { ours[name] = true })
	builds := map[int]map[string]func([]byte) (cipher.AEAD, error){16: {}, 32: {}}
	skips := map[string]string{}
	for keyLen, suite := range map[int]record.Suite{16: record.AES128GCM, 32: record.AES256GCM} {
		record.EachKernel(suite, func(name, skip string, build func([]byte) (cipher.AEAD, error)) {
			builds[keyLen][name], skips[name] = build, skip
		})
	}
	for name, skip := range skips {
		t.Run(name, func(t *testing.T) {
			if skip != "" {
				t.Skip(skip)
			}
			run(t, ours[name], func(key []byte) cipher.AEAD {
				aead, err := builds[len(key)][name](key)
				if err != nil {
					t.Fatal(err)
				}
				return aead
			})
		})
	}
}

// TestGCMWycheproof runs the vectors of testdata/wycheproof. Additional data longer than TLS has is refused by our kernels,
// before anything is computed.
func TestGCMWycheproof(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				ID                         int `json:"tcId"`
				Key, IV, AAD, Msg, CT, Tag string
				Result                     string
			}
		}
	}
	text, err := os.ReadFile("testdata/wycheproof/aes_gcm_test.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	eachRow(t, func(t *testing.T, ours bool, build func([]byte) cipher.AEAD) {
		valid, invalid := 0, 0
		for _, group := range file.TestGroups {
			for _, v := range group.Tests {
				aead := build(unhex(t, v.Key))
				nonce, aad, sealed := unhex(t, v.IV), unhex(t, v.AAD), append(unhex(t, v.CT), unhex(t, v.Tag)...)
				if ours && len(aad) > 16 {
					if !panics(func() { aead.Seal(nil, nonce, nil, aad) }) {
						t.Fatalf("vector %d: %d bytes of additional data were taken", v.ID, len(aad))
					}
					continue
				}
				got, err := aead.Open(nil, nonce, sealed, aad)
				if v.Result != "valid" {
					if err == nil {
						t.Fatalf("vector %d: accepted", v.ID)
					}
					invalid++
					continue
				}
				if err != nil || !bytes.Equal(got, unhex(t, v.Msg)) {
					t.Fatalf("vector %d: opened %x, %v", v.ID, got, err)
				}
				if got := aead.Seal(nil, nonce, unhex(t, v.Msg), aad); !bytes.Equal(got, sealed) {
					t.Fatalf("vector %d: sealed %x", v.ID, got)
				}
				valid++
			}
		}
		if valid < 50 || invalid < 50 {
			t.Fatalf("only %d valid and %d invalid vectors: the file is not what it was", valid, invalid)
		}
	})
}

func panics(call func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	call()
	return false
}

// TestGCMSpecification: the cases of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B (which NIST took
// over), as far as their additional data is no longer than a block.
func TestGCMSpecification(t *testing.T) {
	const (
		zeros = "00000000000000000000000000000000"
		key   = "feffe9928665731c6d6a8f9467308308"
		iv    = "cafebabefacedbaddecaf888"
		long  = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
			"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
	)
	rows := []struct {
		number                int
		key, iv, text, sealed string
	}{
		{1, zeros, zeros[:24], "", "58e2fccefa7e3061367f1d57a4e7455a"},
		{2, zeros, zeros[:24], zeros, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
		{3, key, iv, long, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e" +
			"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4"},
		{13, zeros + zeros, zeros[:24], "", "530f8afbc74536b9a963b4f1c4cb738b"},
		{14, zeros + zeros, zeros[:24], zeros, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
		{15, key + key, iv, long, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
			"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c"},
	}
	eachRow(t, func(t *testing.T, _ bool, build func([]byte) cipher.AEAD) {
		for _, row := range rows {
			got := build(unhex(t, row.key)).Seal(nil, unhex(t, row.iv), unhex(t, row.text), nil)
			if fmt.Sprintf("%x", got) != row.sealed {
				t.Fatalf("case %d: %x, want %s", row.number, got, row.sealed)
			}
		}
	})
}
