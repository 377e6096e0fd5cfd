// One store in IndexedDB, for what a device keeps. What fails rejects with the
// browser's own error.

export class Database {
  #database;
  #store;

  constructor(database, store) {
    this.#database = database;
    this.#store = store;
  }

  // `options` are createObjectStore's, where there is no store yet.
  static open(name, store, options) {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded =
          () => request.result.createObjectStore(store, options);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error('in use'));
      request.onsuccess = () => {
        // Another page wants to delete it: let it.
        request.result.onversionchange = () => request.result.close();
        resolve(new Database(request.result, store));
      };
    });
  }

  // What the request gives that `work` makes of the store, once all that `work`
  // does is kept: on the disk, not only on its way there. `work` gives up by
  // calling its second argument with an error; nothing is changed then.
  run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(
          this.#store, mode, {durability: 'strict'});
      const request = work(transaction.objectStore(this.#store), (error) => {
        reject(error);
        transaction.abort();
      });
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  close() {
    this.#database.close();
  }
}
