anyfn::app! {} //~ ERROR add a trigger
