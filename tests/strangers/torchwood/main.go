// Reads a policy (argument 1) and signed checkpoints (the others) as Torchwood
// does; says of each its size, or why the policy is not content.
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	policy, err := torchwood.ParsePolicy(text)
	if err != nil {
		fmt.Println("policy:", err)
		os.Exit(2)
	}
	for _, file := range os.Args[2:] {
		note, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		checkpoint, opened, err := torchwood.VerifyCheckpoint(note, policy)
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Println("accepted", checkpoint.Tree.N, "by", len(opened.Sigs))
	}
}
