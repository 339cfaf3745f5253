//! Processes that train together on data that none of them keeps in memory.

use crate::mapped::idx;
use crate::mpi::together;
use crate::support::Sandbox;

#[test]
fn mapped_data_gives_the_weights_of_one_process_in_memory() {
    let sandbox = Sandbox::new();
    sandbox.write("images.idx", idx(400, 10));
    let row = |row: u32| format!("{}.25,{},{}\n", row % 11, row * row % 17, row % 5);
    sandbox.write("t.csv", "a,b,c\n".to_owned() + &(0..400).map(row).collect::<String>());
    for data in ["images.idx", "t.csv"] {
        let train = format!("train --data {data} --widths 12,2 --epochs 2 --batch-size 128");
        sandbox.ae(&format!("{train} --out {data}-1")).succeeds();
        for ranks in [2, 3] {
            let run = format!("{data}-{ranks}");
            let arguments = format!("{train} --mapped --out {run}");
            let Some(finished) = together(&sandbox, ranks, &arguments) else { return };
            let said = finished.succeeds().stderr;
            assert!(said.contains(": mapped: "), "{said}");
            assert_eq!(sandbox.weights_of(&run), sandbox.weights_of(&format!("{data}-1")), "{run}");
            for file in ["curve.csv", "model.safetensors"] {
                let [found, expected] =
                    [&run, &format!("{data}-1")].map(|run| sandbox.read(&format!("{run}/{file}")));
                assert!(found == expected, "{run}/{file}");
            }
        }
        // A run that three processes began, resumed with two.
        let run = format!("{data}-3");
        let Some(finished) = together(&sandbox, 2, &format!("resume {run} --epochs 3")) else {
            return;
        };
        finished.succeeds();
        sandbox.ae(&format!("resume {data}-1 --epochs 3")).succeeds();
        assert_eq!(sandbox.weights_of(&run), sandbox.weights_of(&format!("{data}-1")), "{run}");
    }
    sandbox.holds_no_temporary_files();
}
