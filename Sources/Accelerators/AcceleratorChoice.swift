import Graph
package import Runtime

/// Which accelerator computes, and what is to be done where it fails.
package struct AcceleratorChoice: Hashable, Sendable {
    package var interface: VendorInterface
    /// The profile whose model is taken out of a plan: `rk3588`.
    package var chip: String
    /// The vendor's library; nil to let the loader look for its usual name.
    package var library: String?
    package var placement: AcceleratorPlacement
    package var policy: AcceleratedSession.Policy
    /// How far answers to golden inputs may be off; nil for what the model's maker saw in the vendor's simulator, where
    /// that lies below ``AnswerAllowance/ceiling(_:)``.
    package var allowance: AnswerAllowance?

    package init(
        interface: VendorInterface, chip: String, library: String? = nil, placement: AcceleratorPlacement = .init(),
        policy: AcceleratedSession.Policy, allowance: AnswerAllowance? = nil
    ) {
        self.interface = interface
        self.chip = chip
        self.library = library
        self.placement = placement
        self.policy = policy
        self.allowance = allowance
    }

    /// Takes the chip's model out of the plan, loads it in a process of its own, and proves it on the plan's receipt.
    ///
    /// - Parameter session: the plan on the CPU.
    /// - Parameter program: what is started to hold the vendor's library.
    /// - Parameter stop: ends the loading from another thread; what is loaded it leaves alone.
    /// - Throws: what failed, where the CPU may not take over; else it is in ``AcceleratedSession/reason``.
    package func open(
        _ session: Session, program: HostProgram = .own, limits: IsolatedAccelerator.Limits = .init(),
        stop: HostStop? = nil
    ) throws(AcceleratorError) -> AcceleratedSession {
        let model = session.plan.vendorModels.first { $0.interface == interface.rawValue && $0.chip == chip }
        let accelerated = AcceleratedSession(
            session: session, policy: policy, allowance: allowance ?? model.map { .init($0.agreement) } ?? .none
        ) { () throws(AcceleratorError) in
            try IsolatedAccelerator(interface, library: library, program: program, limits: limits, stop: stop)
        }
        defer { stop?.release() }
        if let model {
            let ceiling = AnswerAllowance.ceiling(session.plan.outputs)
            guard allowance != nil || ceiling.covers(AnswerAllowance(model.agreement)) else {
                try accelerated.giveUp(.poorAgreement(model.agreement, ceiling: ceiling))
                return accelerated
            }
            try accelerated.load(model.bytes.bytes, placement: placement)
        } else {
            let found = session.plan.vendorModels.map { "\($0.interface) for \($0.chip)" }
            try accelerated.giveUp(.noModel(interface: interface.rawValue, chip: chip, found: found))
        }
        return accelerated
    }
}
