import Kernels
import Testing

@Suite("choice of kernels")
struct KernelSetTests {
    @Test("the table begins with scalar, which runs everywhere, and names each instruction set once")
    func table() {
        let names = ConvolutionKernel.all.map(\.isa)
        #expect(names.first == "scalar")
        #expect(ConvolutionKernel.all.first?.isSupported == true)
        #expect(Set(names).count == names.count)
        #if arch(x86_64)
            #expect(names == ["scalar", "avx2", "avx_vnni", "avx512vl_vnni", "avx512_vnni"])
        #elseif arch(arm64)
            #expect(names == ["scalar", "neon", "neon_dotprod"])
        #endif
    }

    @Test("the best is the last that this CPU can run")
    func best() {
        #expect(KernelSet.best.isa == KernelSet.supported.last)
        #expect(KernelSet.best.convolution.isSupported)
    }

    @Test("a name picks kernels")
    func named() throws {
        for isa in KernelSet.supported { #expect(try KernelSet(isa: isa).isa == isa) }
    }

    @Test("a name that no kernel has is refused with those that there are")
    func unknown() {
        let error = #expect(throws: KernelError.self) { try KernelSet(isa: "avx9") }
        #expect(error == .unknownISA("avx9", known: ConvolutionKernel.all.map(\.isa)))
        #expect(error?.description.contains("scalar") == true)
    }

    @Test(
        "kernels that this CPU lacks are refused",
        .enabled(if: ConvolutionKernel.all.contains { !$0.isSupported }, "this CPU has every instruction set"))
    func unsupported() throws {
        let missing = try #require(ConvolutionKernel.all.first { !$0.isSupported }).isa
        let error = #expect(throws: KernelError.self) { try KernelSet(isa: missing) }
        #expect(error == .notSupported(missing, supported: KernelSet.supported))
    }
}
