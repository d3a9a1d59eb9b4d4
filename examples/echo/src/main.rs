//! Serves [`echo`] with every trigger that it answers.

fn main() {
    anyfn::__private::run(echo::app());
}
