package record

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Tier names the best CPU features that a kernel may use, as the variable ORDERWIRE_CPU spells them. The zero Tier means: what
// the CPU has. Rooms above read the environment, this room does not.
type Tier string

// The tiers, lowest first.
const (
	TierAuto    Tier = ""
	TierGeneric Tier = "generic"
	TierSHANI   Tier = "shani"
	TierVAES256 Tier = "vaes256"
	TierAVX512  Tier = "avx512"
)

// rank orders the tiers. An unknown tier is refused by ParseTier before it can come here.
func (t Tier) rank() int {
	switch t {
	case TierGeneric:
		return 0
	case TierSHANI:
		return 1
	case TierVAES256:
		return 2
	}
	return 3
}

// ParseTier turns the text of ORDERWIRE_CPU into a Tier.
func ParseTier(text string) (Tier, error) {
	switch t := Tier(text); t {
	case TierAuto, TierGeneric, TierSHANI, TierVAES256, TierAVX512:
		return t, nil
	}
	return TierAuto, fmt.Errorf("record: unknown CPU tier %q: use generic, shani, vaes256 or avx512", text)
}

// kernel is one implementation of an AEAD: a row of a table, so that tests can run every row by name.
type kernel struct {
	name      string
	tier      Tier // the lowest tier that allows this row
	available func() bool
	suits     func(aeadKind) bool
	build     func(kind aeadKind, key []byte) (cipher.AEAD, error)
}

// kernels lists the rows, best first. The last row is the standard library: it is the reference and suits everything.
var kernels = append(archKernels(), kernel{
	name:      "std",
	tier:      TierGeneric,
	available: func() bool { return true },
	suits:     func(aeadKind) bool { return true },
	build:     buildStd,
})

// KernelName tells which kernel a connection with AES-GCM would get under the tier, for reports.
func KernelName(tier Tier) string { return pickKernel(kindAES128GCM, tier).name }

// pickKernel takes the first row that the tier, the CPU and the cipher allow. In FIPS mode only the standard library runs.
func pickKernel(kind aeadKind, tier Tier) kernel {
	last := kernels[len(kernels)-1]
	if fips140.Enabled() {
		return last
	}
	for _, row := range kernels {
		if row.tier.rank() <= tier.rank() && row.suits(kind) && row.available() {
			return row
		}
	}
	return last
}

func buildStd(kind aeadKind, key []byte) (cipher.AEAD, error) {
	if len(key) != kind.keyLen() {
		return nil, fmt.Errorf("record: key of %d bytes for a cipher that takes %d", len(key), kind.keyLen())
	}
	if kind == kindChaCha20Poly1305 {
		return chacha20poly1305.New(key)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("record: AES refused: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil { // GODEBUG=fips140=only refuses nonces that the module did not draw itself.
		return nil, fmt.Errorf("record: AES-GCM refused (fips140=only does not allow TLS nonces from outside its module): %w", err)
	}
	return aead, nil
}
