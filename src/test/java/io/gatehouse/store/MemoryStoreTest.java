package io.gatehouse.store;

/** The twin keeps the contract for as long as it lives. */
class MemoryStoreTest extends StoreContractTest {
    private final MemoryStore only = new MemoryStore();

    @Override
    Store open() {
        return only;
    }
}
