//! Serves [`echo`] with every trigger that it answers: the program is in the library, where tests reach it.

fn main() {
    echo::main();
}
