(* SPDX-License-Identifier: MIT
   An OCaml program as a domain: arguments, environment, formatted output, exceptions, tables, a heap that grows and is collected, files, time,
   and what cannot work failing as it should.
     hello-ocaml [exit=STATUS | raise] [WORD...]     raise: ends by an exception that nobody catches *)

exception Refused of string * int

let check name good = Printf.printf "%s: %s\n" name (if good then "ok" else "FAILED")

let say_arguments () =
  let greeting = Option.value (Sys.getenv_opt "GREETING") ~default:"Hello" in
  Printf.printf "%s from OCaml %s, %d arguments\n" greeting Sys.ocaml_version (Array.length Sys.argv - 1);
  Array.iteri (fun i word -> if i > 0 then Printf.printf "argument %d: %s\n" i word) Sys.argv

let format () =
  Printf.printf "pi is about %.10f, %#x, %-6s|%6.2e, %Ld\n" (4. *. atan 1.) 48879 "left" 0.000123 Int64.max_int;
  check "floats from text" (float_of_string "0x1.8p3" = 12. && float_of_string "1e300" *. 1e10 = infinity)

let exceptions () =
  let refuse n = if n > 2 then raise (Refused ("too many", n)) else n in
  check "exception" (match refuse 3 with exception Refused (why, 3) -> why = "too many" | _ -> false);
  check "array bound" (match [|1; 2; 3|].(int_of_string "3") with exception Invalid_argument _ -> true | _ -> false);
  check "division by zero" (match 1 / int_of_string "0" with exception Division_by_zero -> true | _ -> false);
  check "from the runtime" (match int_of_string "ten" with exception Failure _ -> true | _ -> false);
  let cleaned = ref false in
  (try Fun.protect ~finally:(fun () -> cleaned := true) (fun () -> raise Exit) with Exit -> ());
  check "finally" !cleaned;
  let rec sum n = if n = 0 then 0 else n + sum (n - 1) in
  check "ten thousand frames" (sum 10_000 = 50_005_000)

let tables () =
  let table = Hashtbl.create 16 in
  for i = 1 to 20_000 do Hashtbl.replace table (string_of_int i) i done;
  let found = ref 0 in
  for i = 1 to 40_000 do if Hashtbl.find_opt table (string_of_int i) = Some i then incr found done;
  check "20000 entries of a hash table" (!found = 20_000 && Hashtbl.length table = 20_000);
  let module Words = Map.Make (String) in
  let words = Seq.fold_left (fun map (key, i) -> Words.add key i map) Words.empty (Hashtbl.to_seq table) in
  check "and of a map" (Words.cardinal words = 20_000 && Words.min_binding words = ("1", 1))

(* Much more is allocated than the domain has: the heap grows to what lives, and what is dead is found. *)
let collector () =
  let finalised = ref 0 in
  let rec tree depth = if depth = 0 then [] else [tree (depth - 1); tree (depth - 1)] |> List.concat |> List.cons depth in
  for _ = 1 to 60 do
    let leaf = ref (List.length (tree 14)) in
    Gc.finalise (fun _ -> incr finalised) leaf
  done;
  Gc.full_major ();
  let now = Gc.stat () in
  check "garbage is collected" (!finalised = 60 && now.Gc.major_collections > 2 && now.Gc.minor_collections > 20);
  check "the heap stays small" (now.Gc.minor_words *. 8. > 100e6 && now.Gc.heap_words * 8 < 8_000_000);
  let kept = Array.init 1000 (fun i -> Bytes.make 2000 (Char.chr (i land 255))) in
  Gc.compact ();
  check "what lives is kept" (Array.for_all (fun b -> Bytes.get b 1999 = Bytes.get b 0) kept && Bytes.get kept.(999) 7 = '\231');
  check "memory that is not there" (match Bytes.create 2_000_000_000 with exception Out_of_memory -> true | _ -> false)

let files () =
  let name = Filename.temp_file "hello" ".txt" in
  let out = open_out name in
  for i = 1 to 5000 do Printf.fprintf out "line %d\n" i done;
  close_out out;
  let input = open_in name in
  let rec last line = match input_line input with next -> last next | exception End_of_file -> line in
  check "a file of 5000 lines" (last "" = "line 5000" && in_channel_length input = 48_893);
  close_in input;
  let out = open_out_bin name in
  Marshal.to_channel out (3, "three", [3.; 3.5]) [];
  close_out out;
  let input = open_in_bin name in
  check "values through a file" ((Marshal.from_channel input : int * string * float list) = (3, "three", [3.; 3.5]));
  close_in input;
  check "directories" (Array.mem (Filename.basename name) (Sys.readdir (Filename.get_temp_dir_name ())));
  Sys.remove name;
  check "no such file" (match open_in name with exception Sys_error why -> why = name ^ ": No such file or directory" | _ -> false);
  check "time passes" (Sys.time () > 0.)

let () =
  at_exit (fun () -> print_endline "at exit");
  say_arguments ();
  if Array.mem "raise" Sys.argv then raise (Refused ("nobody catches this", 4));
  format ();
  exceptions ();
  tables ();
  collector ();
  files ();
  Array.iter (fun word -> try Scanf.sscanf word "exit=%d" exit with Scanf.Scan_failure _ | End_of_file -> ()) Sys.argv
