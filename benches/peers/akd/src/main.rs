// What akd proves of one label with 10 versions among 100,000 labels, and how
// fast it publishes labels in memory. Prints one line of TAB-separated figures:
// labels published per second, bytes of the history proof, milliseconds to make
// it and to verify it (medians).

use akd::append_only_zks::AzksParallelismConfig;
use akd::client::{key_history_verify, HistoryVerificationParams};
use akd::directory::Directory;
use akd::ecvrf::HardCodedAkdVRF;
use akd::storage::{memory::AsyncInMemoryDatabase, StorageManager};
use akd::{AkdLabel, AkdValue, HistoryParams};
use protobuf::Message;
use std::time::Instant;

type Configuration = akd::ExperimentalConfiguration<akd::ExampleLabel>;

const LABELS: usize = 100_000;
const BATCH: usize = 10_000;
const VERSIONS: usize = 10;
const ROUNDS: usize = 21;

fn label(i: usize) -> AkdLabel {
    AkdLabel::from(format!("label {i}").as_str())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(|a, b| a.total_cmp(b));
    values[values.len() / 2]
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let storage = StorageManager::new_no_cache(AsyncInMemoryDatabase::new());
    let directory = Directory::<Configuration, _, _>::new(
        storage,
        HardCodedAkdVRF {},
        AzksParallelismConfig::default(),
    )
    .await
    .expect("a directory");

    // Each batch is one epoch; the label asked for gets a version in each of
    // the first ten, the others stand once.
    let start = Instant::now();
    for batch in 0..LABELS / BATCH {
        let mut updates = Vec::with_capacity(BATCH);
        if batch < VERSIONS {
            updates.push((label(LABELS), AkdValue::from(format!("{batch}").as_str())));
        }
        for i in updates.len()..BATCH {
            updates.push((label(batch * BATCH + i), AkdValue::from("value")));
        }
        directory.publish(updates).await.expect("an epoch");
    }
    let labels_per_second = LABELS as f64 / start.elapsed().as_secs_f64();

    let public_key = directory.get_public_key().await.expect("a key");
    let (mut bytes, mut make_ms, mut verify_ms) = (0, Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let (proof, head) = directory
            .key_history(&label(LABELS), HistoryParams::default())
            .await
            .expect("a proof");
        make_ms.push(start.elapsed().as_secs_f64() * 1e3);
        bytes = akd::proto::specs::types::HistoryProof::from(&proof)
            .write_to_bytes()
            .expect("bytes")
            .len();
        let start = Instant::now();
        let versions = key_history_verify::<Configuration>(
            public_key.as_bytes(),
            head.hash(),
            head.epoch(),
            label(LABELS),
            proof,
            HistoryVerificationParams::Default {
                history_params: HistoryParams::default(),
            },
        )
        .expect("a true proof");
        verify_ms.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(versions.len(), VERSIONS);
    }
    println!(
        "{labels_per_second:.0}\t{bytes}\t{:.3}\t{:.3}",
        median(make_ms),
        median(verify_ms)
    );
}
