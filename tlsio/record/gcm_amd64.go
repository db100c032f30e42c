//go:build !purego

package record

import (
	"unsafe"

	"github.com/klauspost/cpuid/v2"
)

//go:generate sh -c "cd _asm && go run . -out ../gcm_amd64.s -stubs ../gcm_stub_amd64.go -pkg record"

// The layout that _asm/gcm.go counts on.
const (
	_ = -(unsafe.Offsetof(material{}.powers) ^ 480)
	_ = -(unsafe.Offsetof(material{}.long) ^ 992)
	_ = -(unsafe.Offsetof(material{}.stream) ^ 1024)
)

// archKernels are the rows of this CPU's family, best first. One with VAES takes two blocks an instruction.
func archKernels() []kernel {
	vaes := &gcmKernel{
		expand128: expandAES128, expand256: expandAES256, powers: hashPowers,
		seal: sealVAES, open: openVAES, ready: sealReadyVAES, stream: streamVAES,
	}
	aesni := &gcmKernel{
		expand128: expandAES128, expand256: expandAES256, powers: hashPowers,
		seal: sealAESNI, open: openAESNI, ready: sealReadyAESNI, stream: streamAESNI,
	}
	has := func(features ...cpuid.FeatureID) func() bool {
		return func() bool { return cpuid.CPU.Supports(features...) }
	}
	return []kernel{
		{
			name: "vaes", tier: TierVAES256, suits: aeadKind.gcm, build: vaes.build,
			available: has(cpuid.AESNI, cpuid.CLMUL, cpuid.AVX2, cpuid.VAES, cpuid.VPCLMULQDQ),
		},
		{
			name: "aesni", tier: TierSHANI, suits: aeadKind.gcm, build: aesni.build,
			available: has(cpuid.AESNI, cpuid.CLMUL, cpuid.AVX2),
		},
	}
}
