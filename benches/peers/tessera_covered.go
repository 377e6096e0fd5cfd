// A Tessera posix log tuned for latency that acknowledges as we do: POST /add
// answers once a signed checkpoint covers the entry. benches/lib.sh builds it
// against Tessera's pinned version.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	dir := flag.String("storage_dir", "", "where the log lies")
	listen := flag.String("listen", "", "address:port")
	keyFile := flag.String("private_key", "", "file with a note signer key")
	flag.Parse()
	ctx := context.Background()

	key, err := os.ReadFile(*keyFile)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := note.NewSigner(string(key))
	if err != nil {
		log.Fatal(err)
	}
	driver, err := posix.New(ctx, posix.Config{Path: *dir})
	if err != nil {
		log.Fatal(err)
	}
	// 100 ms is the shortest interval that Tessera's posix storage permits.
	appender, _, reader, err := tessera.NewAppender(ctx, driver,
		tessera.NewAppendOptions().
			WithCheckpointSigner(signer).
			WithCheckpointInterval(100*time.Millisecond).
			WithBatching(512, 5*time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 5*time.Millisecond)

	http.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) {
		entry, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		index, _, err := awaiter.Await(r.Context(), appender.Add(r.Context(), tessera.NewEntry(entry)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "%d", index.Index)
	})
	http.Handle("GET /", http.FileServer(http.Dir(*dir)))
	log.Fatal(http.ListenAndServe(*listen, nil))
}
