#!/usr/bin/env python3
"""Modbus TCP servers of other people: ./modbus_servers.py pymodbus|modbus-tk|pyModbusTCP PORT

Unit 1, holding registers 0 to 15 hold 1000 to 1015; coil 3 and discrete input 1 are on.
"""

import asyncio
import sys

VALUES = [1000 + index for index in range(16)]
BITS = [index == 3 for index in range(16)]
INPUTS = [index == 1 for index in range(16)]


def pymodbus(port):
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
    from pymodbus.server import StartAsyncTcpServer

    # Its blocks count from 1.
    unit = ModbusSlaveContext(
        di=ModbusSequentialDataBlock(1, INPUTS), co=ModbusSequentialDataBlock(1, BITS),
        hr=ModbusSequentialDataBlock(1, VALUES), ir=ModbusSequentialDataBlock(1, VALUES))
    asyncio.run(StartAsyncTcpServer(ModbusServerContext(slaves={1: unit}, single=False), address=("127.0.0.1", port)))


def modbus_tk(port):
    import threading

    import modbus_tk.defines as defines
    from modbus_tk import modbus_tcp

    server = modbus_tcp.TcpServer(port=port, address="127.0.0.1")
    unit = server.add_slave(1)
    for name, kind, values in [
        ("co", defines.COILS, BITS), ("di", defines.DISCRETE_INPUTS, INPUTS),
        ("hr", defines.HOLDING_REGISTERS, VALUES), ("ir", defines.ANALOG_INPUTS, VALUES),
    ]:
        unit.add_block(name, kind, 0, len(values))
        unit.set_values(name, 0, [int(value) for value in values])
    server.start()
    threading.Event().wait()


def py_modbus_tcp(port):
    from pyModbusTCP.server import DataBank, ModbusServer

    bank = DataBank(coils_size=16, d_inputs_size=16, h_regs_size=16, i_regs_size=16)
    bank.set_coils(0, BITS)
    bank.set_discrete_inputs(0, INPUTS)
    bank.set_holding_registers(0, VALUES)
    bank.set_input_registers(0, VALUES)
    ModbusServer(host="127.0.0.1", port=port, data_bank=bank).start()


if __name__ == "__main__":
    servers = {"pymodbus": pymodbus, "modbus-tk": modbus_tk, "pyModbusTCP": py_modbus_tcp}
    if len(sys.argv) != 3 or sys.argv[1] not in servers:
        sys.exit(__doc__)
    servers[sys.argv[1]](int(sys.argv[2]))
